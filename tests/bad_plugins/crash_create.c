/* SPDX-License-Identifier: Apache-2.0 */
#define ON_CREATE crash();
#include "plugin.h"
