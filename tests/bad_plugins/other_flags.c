/* SPDX-License-Identifier: Apache-2.0 */
/* Starts threads by its flags, and its manifest does not say so. */
#define FLAGS FH_FLAG_USES_THREADS
#include "plugin.h"
