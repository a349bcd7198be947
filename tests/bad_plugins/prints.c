/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to stdout, for the developer's convenience. */
#include <stdio.h>
#define ON_SAMPLE printf("sampling %u\n", call->device);
#include "plugin.h"
