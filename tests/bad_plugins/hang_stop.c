/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns from stop. */
#define ON_STOP hang();
#include "plugin.h"
