/* SPDX-License-Identifier: Apache-2.0 */
/* A storm of events in one call; then none, at once, for ever. */
#include "farmhand/devices.h"
#include "farmhand/events.h"
#include "farmhand/telemetry.h"
#define TABLES
static const void* query(void* self, fh_str id);
#include "plugin.h"

static const fh_devices devices = {sizeof devices, 0, enumerate};
static const fh_telemetry telemetry = {sizeof telemetry, 0, metrics, sample};

static int32_t storm(void* self, const fh_call* call) {
  static int calls;
  (void)self;
  if (++calls > 1) return FH_OK;
  for (int i = 0; i < 5000; ++i) {
    fh_event event;
    FH_INIT(&event);
    event.kind = FH_RECORD_EVENT;
    event.device = 1;
    event.severity = FH_SEVERITY_ERROR;
    event.reason = STR("vendor.acme.storm");
    event.sentence = STR("a storm");
    emit(call, &event);
  }
  return FH_OK;
}

static const fh_events events = {sizeof events, 0, storm};

static const void* query(void* self, fh_str id) {
  (void)self;
  if (id.len == strlen(FH_DEVICES_ID) && !memcmp(id.ptr, FH_DEVICES_ID, id.len)) return &devices;
  if (id.len == strlen(FH_EVENTS_ID) && !memcmp(id.ptr, FH_EVENTS_ID, id.len)) return &events;
  if (id.len == strlen(FH_TELEMETRY_ID) && !memcmp(id.ptr, FH_TELEMETRY_ID, id.len)) {
    return &telemetry;
  }
  return NULL;
}
