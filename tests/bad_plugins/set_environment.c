/* SPDX-License-Identifier: Apache-2.0 */
/* Passes an option to the vendor's library through the environment. */
#include <stdlib.h>
#define ON_CREATE setenv("ACME_DEBUG", "1", 1);
#include "plugin.h"
