/* SPDX-License-Identifier: Apache-2.0 */
#define ON_ENUMERATE if (fault_on()) crash();
#include "plugin.h"
