/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns from metrics. */
#define ON_METRICS hang();
#include "plugin.h"
