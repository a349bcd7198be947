/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a thread and never ends it, and does not say so in its flags. */
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>
static void* rest(void* arg) {
  for (;;) pause();
  return arg;
}
#define ON_START    \
  pthread_t thread; \
  if (pthread_create(&thread, NULL, rest, NULL) != 0) return FH_E_INTERNAL;
#include "plugin.h"
