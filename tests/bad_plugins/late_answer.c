/* SPDX-License-Identifier: Apache-2.0 */
/* Takes nearly two seconds for a reading, whatever its deadline and whoever cancels. */
#define ON_SAMPLE usleep(1700000);
#include "plugin.h"
