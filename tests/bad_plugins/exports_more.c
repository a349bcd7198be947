/* SPDX-License-Identifier: Apache-2.0 */
/* Exports a function beside the entry. */
#include "plugin.h"

FH_EXPORT int helper_everyone_sees(void);
int helper_everyone_sees(void) { return 1; }
