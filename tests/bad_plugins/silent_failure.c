/* SPDX-License-Identifier: Apache-2.0 */
/* Fails with a number of the vendor's and not a word. */
#define ON_METRICS return -13;
#include "plugin.h"
