/* SPDX-License-Identifier: Apache-2.0 */
/* Loses a hundred bytes with each instance, and a descriptor with each life. */
#include <fcntl.h>
#define ON_CREATE                       \
  *(void* volatile*)self = malloc(100); \
  *self = &host;
#define ON_START \
  if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) return FH_E_INTERNAL;
#include "plugin.h"
