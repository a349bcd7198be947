/* SPDX-License-Identifier: Apache-2.0 */
#define ON_START if (fault_on()) crash();
#include "plugin.h"
