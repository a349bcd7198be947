/* SPDX-License-Identifier: Apache-2.0 */
/* Dies while it is asked for an interface. */
#define ON_QUERY crash();
#include "plugin.h"
