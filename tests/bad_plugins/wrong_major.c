/* SPDX-License-Identifier: Apache-2.0 */
/* Built for an ABI of the future. */
#define MAJOR 2
#include "plugin.h"
