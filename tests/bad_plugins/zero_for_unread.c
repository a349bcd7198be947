/* SPDX-License-Identifier: Apache-2.0 */
/* Percent beyond 100, a counter and a power below zero: the raw numbers of a broken reading. */
#include "farmhand/telemetry.h"
static int32_t raw(const fh_call* call, const uint32_t* ids, uint32_t count);
#define ON_SAMPLE return raw(call, ids, count);
#include "plugin.h"

static int32_t raw(const fh_call* call, const uint32_t* ids, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    fh_sample reading;
    FH_INIT(&reading);
    reading.kind = FH_RECORD_SAMPLE;
    reading.id = ids[i];
    reading.value = ids[i] == 1 ? 41500 : -1;
    emit(call, &reading);
  }
  return FH_OK;
}
