/* SPDX-License-Identifier: Apache-2.0 */
/* Calls exit, which is forbidden, for device a. */
#define ON_SAMPLE if (call->device == 1 && fault_on()) exit(0);
#include "plugin.h"
