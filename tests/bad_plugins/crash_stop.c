/* SPDX-License-Identifier: Apache-2.0 */
/* Dies while it stops. */
#define ON_STOP crash();
#include "plugin.h"
