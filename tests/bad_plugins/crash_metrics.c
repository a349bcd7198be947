/* SPDX-License-Identifier: Apache-2.0 */
/* Only for device a. */
#define ON_METRICS if (call->device == 1 && fault_on()) crash();
#include "plugin.h"
