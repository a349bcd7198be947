/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing wrong with it. */
#include "plugin.h"
