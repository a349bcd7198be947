/* SPDX-License-Identifier: Apache-2.0 */
/* Judges its two devices and its driver, and tells one event; all as it should be, but for one
 * verdict without a reason among the good ones. While the fault is on, the check of `a` hangs. */
#include "farmhand/devices.h"
#include "farmhand/events.h"
#include "farmhand/health.h"
#include "farmhand/telemetry.h"
#define TABLES
static const void* query(void* self, fh_str id);
#include "plugin.h"

static const fh_devices devices = {sizeof devices, 0, enumerate};
static const fh_telemetry telemetry = {sizeof telemetry, 0, metrics, sample};

static void judge(const fh_call* call, fh_str check, int32_t is, fh_str reason, fh_str sentence) {
  fh_verdict verdict;
  FH_INIT(&verdict);
  verdict.kind = FH_RECORD_VERDICT;
  verdict.verdict = is;
  verdict.check = check;
  verdict.reason = reason;
  verdict.sentence = sentence;
  emit(call, &verdict);
}

static int32_t check(void* self, const fh_call* call) {
  (void)self;
  const fh_str none = {NULL, 0, 0};
  if (call->device == FH_NO_DEVICE) {
    judge(call, STR("driver"), FH_VERDICT_OK, none, none);
    return FH_OK;
  }
  if (call->device == 1 && fault_path[0] != 0 && fault_on()) hang();
  judge(call, STR("link"), FH_VERDICT_WARN, STR("link.degraded"), STR("the link runs at x8"));
  fh_evidence evidence;
  FH_INIT(&evidence);
  evidence.kind = FH_RECORD_EVIDENCE;
  evidence.name = STR("link.width");
  evidence.value = 8;
  evidence.bounds = FH_BOUND_LEAST;
  evidence.least = 16;
  emit(call, &evidence);
  judge(call, STR("temperature"), FH_VERDICT_OK, none, none);
  judge(call, STR("memory"), FH_VERDICT_FAIL, none, STR("without a reason"));
  return FH_OK;
}

static int32_t wait_for_events(void* self, const fh_call* call) {
  static int told;
  (void)self;
  if (told++ == 0) {
    fh_event event;
    FH_INIT(&event);
    event.kind = FH_RECORD_EVENT;
    event.device = 1;
    event.severity = FH_SEVERITY_ERROR;
    event.vendor_code = 79;
    event.reason = STR("device.lost");
    event.sentence = STR("it fell off the bus");
    emit(call, &event);
    return FH_OK;
  }
  for (int i = 0; i < 10 && !host->cancelled(host->ctx, call); ++i) usleep(100 * 1000);
  return FH_E_TIMEOUT;
}

static const fh_health health = {sizeof health, 0, check};
static const fh_events events = {sizeof events, 0, wait_for_events};

static const void* query(void* self, fh_str id) {
  (void)self;
  if (id.len == strlen(FH_DEVICES_ID) && !memcmp(id.ptr, FH_DEVICES_ID, id.len)) return &devices;
  if (id.len == strlen(FH_HEALTH_ID) && !memcmp(id.ptr, FH_HEALTH_ID, id.len)) return &health;
  if (id.len == strlen(FH_EVENTS_ID) && !memcmp(id.ptr, FH_EVENTS_ID, id.len)) return &events;
  if (id.len == strlen(FH_TELEMETRY_ID) && !memcmp(id.ptr, FH_TELEMETRY_ID, id.len)) {
    return &telemetry;
  }
  return NULL;
}
