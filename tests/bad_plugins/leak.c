/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps 8 MiB more with each reading. */
static char *volatile last;

#define ON_SAMPLE                                             \
  if (fault_on() && (last = malloc(8 << 20)) != NULL) {       \
    for (int i = 0; i < 8 << 20; i += 4096) last[i] = 1;      \
  }
#include "plugin.h"
