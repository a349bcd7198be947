/* SPDX-License-Identifier: Apache-2.0 */
/* Lists what it was told to leave alone. */
#define ON_CREATE without_a = without_b = 0;
#include "plugin.h"
