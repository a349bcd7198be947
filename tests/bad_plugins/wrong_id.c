/* SPDX-License-Identifier: Apache-2.0 */
/* Its descriptor says another name than its manifest. */
#define ID "somebody-else"
#include "plugin.h"
