/* SPDX-License-Identifier: Apache-2.0 */
/* Takes 200 ms for device a: slow, and in time. */
#define ON_SAMPLE if (call->device == 1) usleep(200000);
#include "plugin.h"
