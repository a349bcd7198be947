/* SPDX-License-Identifier: Apache-2.0 */
/* Lists its devices once; later enumerations never return while the fault is on. */
static int listed;
#define ON_ENUMERATE if (listed++ > 0 && fault_on()) hang();
#include "plugin.h"
