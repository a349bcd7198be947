/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for its hardware in create, which takes a while. */
#define ON_CREATE usleep(150000);
#include "plugin.h"
