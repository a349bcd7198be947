/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns from create. */
#define ON_CREATE hang();
#include "plugin.h"
