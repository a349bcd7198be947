/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of its own emits after the call has returned. */
#include <pthread.h>
#include "farmhand/abi.h"
static void later(const fh_call* call);
#define ON_SAMPLE later(call);
#include "plugin.h"

struct late {
  void* sink;
};

static void* emit_late(void* arg) {
  struct late* late = arg;
  fh_sample reading;
  FH_INIT(&reading);
  reading.kind = FH_RECORD_SAMPLE;
  reading.id = 1;
  usleep(20000);
  host->emit(host->ctx, late->sink, (const fh_record*)&reading);
  free(late);
  return NULL;
}

static pthread_t thread;
static int running;

static void later(const fh_call* call) {
  struct late* late = malloc(sizeof *late);
  late->sink = call->sink;
  if (running) pthread_join(thread, NULL);
  running = pthread_create(&thread, NULL, emit_late, late) == 0;
}
