/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns from destroy. */
#define ON_DESTROY hang();
#include "plugin.h"
