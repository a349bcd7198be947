/* SPDX-License-Identifier: Apache-2.0 */
/* Device a is there, without a driver: nothing of it can be read. */
#define ON_METRICS if (call->device == 1) return FH_E_UNSUPPORTED;
#include "plugin.h"
