/* SPDX-License-Identifier: Apache-2.0 */
#define ON_START if (fault_on()) hang();
#include "plugin.h"
