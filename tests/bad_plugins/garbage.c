/* SPDX-License-Identifier: Apache-2.0 */
/* Emits everything that must not be let through, and between it the two good devices. */
#include <math.h>
#include <stdint.h>

#include "farmhand/devices.h"
#include "farmhand/telemetry.h"

static void bad_devices(const fh_call *call);
static void bad_metrics(const fh_call *call);
static void bad_samples(const fh_call *call);

#define ON_ENUMERATE bad_devices(call);
#define ON_METRICS bad_metrics(call);
#define ON_SAMPLE bad_samples(call);
#include "plugin.h"

static void device_with(const fh_call *call, uint32_t handle, fh_str key, uint32_t struct_size) {
  fh_device device;
  FH_INIT(&device);
  device.struct_size = struct_size;
  device.kind = FH_RECORD_DEVICE;
  device.handle = handle;
  device.key = key;
  emit(call, &device);
}

static void bad_devices(const fh_call *call) {
  const uint32_t whole = sizeof(fh_device);
  fh_record record = {sizeof record, 4711};
  emit(call, NULL);
  emit(call, &record);
  record.struct_size = 0;
  emit(call, &record);
  device_with(call, 11, (fh_str){NULL, 0, 0}, whole);
  device_with(call, 12, STR("\xff\xfe not text"), whole);
  device_with(call, 13, STR("new\nline"), whole);
  device_with(call, FH_NO_DEVICE, STR("no-handle"), whole);
  device_with(call, 14, STR("cut"), 8);
  device_with(call, 15, STR("cut in the key"), offsetof(fh_device, key) + 4);
  emit_device(call, 1, STR("a"));
  device_with(call, 16, STR("a"), whole);
  device_with(call, 1, STR("same-handle"), whole);
  fh_peak peak;
  FH_INIT(&peak);
  peak.kind = FH_RECORD_PEAK;
  peak.handle = 99;
  peak.tera_ops = 1;
  peak.dtype = STR("int8");
  emit(call, &peak);
  peak.handle = 1;
  peak.tera_ops = INFINITY;
  emit(call, &peak);
}

static void bad_metrics(const fh_call *call) {
  emit_metric(call, 70000, STR("temperature"), FH_UNIT_CELSIUS);
  emit_metric(call, 3, STR("Temperature!"), FH_UNIT_CELSIUS);
  emit_metric(call, 4, STR(""), FH_UNIT_CELSIUS);
  emit_metric(call, 1, STR("temperature"), 4711);
  emit_metric(call, 1, STR("twice"), FH_UNIT_CELSIUS);
  emit_device(call, 20, STR("not-here"));
}

static void bad_samples(const fh_call *call) {
  fh_sample reading;
  FH_INIT(&reading);
  reading.kind = FH_RECORD_SAMPLE;
  reading.id = 4711;
  emit(call, &reading);
  reading.id = 1;
  reading.value = NAN;
  emit(call, &reading);
  emit_metric(call, 5, STR("not.here"), 0);
}
