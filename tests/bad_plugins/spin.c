/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of its own burns a core. */
#include <pthread.h>

static void *burn(void *nothing) {
  for (volatile unsigned turns = 0;; ++turns) {}
  return nothing;
}

#define ON_START                        \
  pthread_t thread;                     \
  if (fault_on()) pthread_create(&thread, NULL, burn, NULL);
#include "plugin.h"
