/* SPDX-License-Identifier: Apache-2.0 */
/* Built for a minor that its manifest does not name. */
#define MINOR 77
#include "plugin.h"
