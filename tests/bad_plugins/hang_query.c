/* SPDX-License-Identifier: Apache-2.0 */
/* Never says which interfaces it has. */
#define ON_QUERY hang();
#include "plugin.h"
