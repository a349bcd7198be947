/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin with two devices, `a` and `b`, two metrics each. A bad plugin is this with one hook
 * changed: it defines ON_X before it includes this file. Where a hook is to be a passing fault it
 * asks fault_on(): true while the file that the setting `fault` names is there.
 */
#ifndef BAD_PLUGIN_H
#define BAD_PLUGIN_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farmhand/devices.h"
#include "farmhand/telemetry.h"

#define STR(literal) ((fh_str){literal, sizeof(literal) - 1, 0})

static const fh_host *host;
static char fault_path[256];

static inline int fault_on(void) { return fault_path[0] == 0 || access(fault_path, F_OK) == 0; }

static inline void hang(void) {
  for (;;) pause();
}

static inline void crash(void) { *(volatile int *)8 = 1; }

static inline int32_t emit(const fh_call *call, const void *record) {
  return host->emit(host->ctx, call->sink, (const fh_record *)record);
}

#ifndef ON_CREATE
#define ON_CREATE
#endif
#ifndef ON_START
#define ON_START
#endif
#ifndef ON_STOP
#define ON_STOP
#endif
#ifndef ON_ENUMERATE
#define ON_ENUMERATE
#endif
#ifndef ON_METRICS
#define ON_METRICS
#endif
#ifndef ON_SAMPLE
#define ON_SAMPLE
#endif
#ifndef ON_QUERY
#define ON_QUERY
#endif
#ifndef ON_DESTROY
#define ON_DESTROY
#endif
#ifndef FLAGS
#define FLAGS 0
#endif
#ifndef MAJOR
#define MAJOR FH_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR 0
#endif
#ifndef ID
#define ID "bad"
#endif

static int excludes(const fh_config *config, const char *key) {
  for (uint32_t i = 0; i < config->excluded_count; ++i) {
    const fh_str *excluded = &config->excluded_keys[i];
    if (excluded->len == strlen(key) && memcmp(excluded->ptr, key, excluded->len) == 0) return 1;
  }
  return 0;
}

static int without_a, without_b;

static int32_t create(const fh_host *given, const fh_config *config, void **self, fh_error *err) {
  host = given;
  *self = &host;
  (void)err;
  for (uint32_t i = 0; i < config->setting_count; ++i) {
    const fh_setting *setting = &config->settings[i];
    if (setting->value.len >= sizeof fault_path || setting->key.len != 5) continue;
    if (memcmp(setting->key.ptr, "fault", 5) != 0) continue;
    memcpy(fault_path, setting->value.ptr, setting->value.len);
  }
  without_a = excludes(config, "a");
  without_b = excludes(config, "b");
  ON_CREATE
  return FH_OK;
}

static int32_t start(void *self, fh_error *err) {
  (void)self, (void)err;
  ON_START
  return FH_OK;
}

static int32_t stop(void *self, fh_error *err) {
  (void)self, (void)err;
  ON_STOP
  return FH_OK;
}

static void destroy(void *self) {
  (void)self;
  ON_DESTROY
}

static void emit_device(const fh_call *call, uint32_t handle, fh_str key) {
  fh_device device;
  FH_INIT(&device);
  device.kind = FH_RECORD_DEVICE;
  device.handle = handle;
  device.device_kind = FH_DEVICE_ACCELERATOR;
  device.numa_node = -1;
  device.index = (int32_t)handle;
  device.key = key;
  device.model = STR("Model");
  emit(call, &device);
  fh_peak peak;
  FH_INIT(&peak);
  peak.kind = FH_RECORD_PEAK;
  peak.handle = handle;
  peak.tera_ops = 128;
  peak.dtype = STR("int8");
  peak.source = STR("test");
  emit(call, &peak);
}

static int32_t enumerate(void *self, const fh_call *call) {
  (void)self;
  ON_ENUMERATE
  if (!without_a) emit_device(call, 1, STR("a"));
  if (!without_b) emit_device(call, 2, STR("b"));
  return FH_OK;
}

static void emit_metric(const fh_call *call, uint32_t id, fh_str name, int32_t unit) {
  fh_metric metric;
  FH_INIT(&metric);
  metric.kind = FH_RECORD_METRIC;
  metric.id = id;
  metric.metric_kind = FH_METRIC_GAUGE;
  metric.unit = unit;
  metric.name = name;
  emit(call, &metric);
}

static int32_t metrics(void *self, const fh_call *call) {
  (void)self;
  ON_METRICS
  emit_metric(call, 1, STR("temperature"), FH_UNIT_CELSIUS);
  emit_metric(call, 2, STR("power"), FH_UNIT_WATT);
  return FH_OK;
}

static int32_t sample(void *self, const fh_call *call, const uint32_t *ids, uint32_t count) {
  (void)self;
  ON_SAMPLE
  for (uint32_t i = 0; i < count; ++i) {
    fh_sample reading;
    FH_INIT(&reading);
    reading.kind = FH_RECORD_SAMPLE;
    reading.id = ids[i];
    reading.value = ids[i] * 10 + call->device;
    emit(call, &reading);
  }
  return FH_OK;
}

#ifndef TABLES
static const fh_devices devices = {sizeof devices, 0, enumerate};
static const fh_telemetry telemetry = {sizeof telemetry, 0, metrics, sample};

static const void *query(void *self, fh_str id) {
  (void)self;
  ON_QUERY
  if (id.len == strlen(FH_DEVICES_ID) && !memcmp(id.ptr, FH_DEVICES_ID, id.len)) return &devices;
  if (id.len == strlen(FH_TELEMETRY_ID) && !memcmp(id.ptr, FH_TELEMETRY_ID, id.len)) {
    return &telemetry;
  }
  return NULL;
}
#endif

#ifndef ENTRY
static const fh_descriptor descriptor = {sizeof descriptor,
                                         0,
                                         {ID, sizeof(ID) - 1, 0},
                                         {"acme", 4, 0},
                                         {"1.0", 3, 0}};

const fh_plugin_entry farmhand_plugin_v1 = {sizeof farmhand_plugin_v1,
                                            MAJOR,
                                            MINOR,
                                            0,
                                            FLAGS,
                                            &descriptor,
                                            create,
                                            query,
                                            start,
                                            stop,
                                            destroy};
#endif

#endif
