/* SPDX-License-Identifier: Apache-2.0 */
/* Polls in a thread without a pause. */
#include <pthread.h>
#include <stddef.h>
static volatile int stopping;
static void* poll_forever(void* arg) {
  while (!stopping) continue;
  return arg;
}
static pthread_t thread;
#define ON_START \
  stopping = 0;  \
  if (pthread_create(&thread, NULL, poll_forever, NULL) != 0) return FH_E_INTERNAL;
#define ON_STOP \
  stopping = 1; \
  pthread_join(thread, NULL);
#include "plugin.h"
