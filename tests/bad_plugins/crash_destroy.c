/* SPDX-License-Identifier: Apache-2.0 */
/* Dies while its instance is freed. */
#define ON_DESTROY crash();
#include "plugin.h"
