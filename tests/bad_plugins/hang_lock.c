/* SPDX-License-Identifier: Apache-2.0 */
/* Never returns for device a, and holds the lock that all devices need. */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define ON_SAMPLE                              \
  pthread_mutex_lock(&lock);                   \
  if (call->device == 1 && fault_on()) hang(); \
  pthread_mutex_unlock(&lock);
#include "plugin.h"
