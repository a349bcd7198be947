/* SPDX-License-Identifier: Apache-2.0 */
/* Lies about the size of its entry, of a table and of a record. */
#define ENTRY
#define TABLES
#include "farmhand/telemetry.h"
static const void* query(void* self, fh_str id);
#include "plugin.h"

static const fh_devices devices = {4096, 0, enumerate};

static int32_t bad_metrics(void* self, const fh_call* call) {
  fh_metric metric;
  (void)self;
  FH_INIT(&metric);
  metric.struct_size = 1u << 30;
  metric.kind = FH_RECORD_METRIC;
  metric.metric_kind = FH_METRIC_GAUGE;
  metric.name = STR("temperature");
  return emit(call, &metric);
}

static const fh_telemetry telemetry = {sizeof telemetry, 0, bad_metrics, sample};

static const void* query(void* self, fh_str id) {
  (void)self;
  if (id.len == strlen(FH_DEVICES_ID) && !memcmp(id.ptr, FH_DEVICES_ID, id.len)) return &devices;
  if (id.len == strlen(FH_TELEMETRY_ID) && !memcmp(id.ptr, FH_TELEMETRY_ID, id.len)) {
    return &telemetry;
  }
  return NULL;
}

static const fh_descriptor descriptor = {
    sizeof descriptor, 0, {"bad", 3, 0}, {"acme", 4, 0}, {"1.0", 3, 0}};

const fh_plugin_entry farmhand_plugin_v1 = {
    1u << 20, FH_ABI_MAJOR, 0, 0, 0, &descriptor, create, query, start, stop, destroy};
