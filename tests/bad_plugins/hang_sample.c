/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns for device a. */
#define ON_SAMPLE if (call->device == 1 && fault_on()) hang();
#include "plugin.h"
