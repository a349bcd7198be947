/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest plugin in C: one device, one temperature, read from a file. */
#include <farmhand/devices.h>
#include <farmhand/telemetry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STR(literal) ((fh_str){literal, sizeof(literal) - 1, 0})
#define KEY "demo-c-0"

typedef struct demo {
  const fh_host* host;
  int excluded;
} demo;

static int32_t failed(fh_error* err, int32_t code, const char* text) {
  err->code = code;
  snprintf(err->text, sizeof err->text, "%s", text);
  return code;
}

static int32_t demo_enumerate(void* self, const fh_call* call) {
  demo* d = self;
  if (d->excluded) return FH_OK;
  fh_device device;
  FH_INIT(&device);
  device.kind = FH_RECORD_DEVICE;
  device.device_kind = FH_DEVICE_ACCELERATOR;
  device.numa_node = -1;
  device.index = -1;
  device.key = STR(KEY);
  device.model = STR("Demo One");
  return d->host->emit(d->host->ctx, call->sink, (const fh_record*)&device);
}

static int32_t demo_metrics(void* self, const fh_call* call) {
  demo* d = self;
  if (call->device != 0) return failed(call->err, FH_E_INVALID, "there is no such device");
  fh_metric metric;
  FH_INIT(&metric);
  metric.kind = FH_RECORD_METRIC;
  metric.metric_kind = FH_METRIC_GAUGE;
  metric.unit = FH_UNIT_CELSIUS;
  metric.name = STR("temperature");
  metric.help = STR("Of the demonstration.");
  return d->host->emit(d->host->ctx, call->sink, (const fh_record*)&metric);
}

static int32_t demo_sample(void* self, const fh_call* call, const uint32_t* ids, uint32_t count) {
  demo* d = self;
  if (call->device != 0) return failed(call->err, FH_E_INVALID, "there is no such device");
  for (uint32_t i = 0; i < count; ++i) {
    fh_sample sample;
    FH_INIT(&sample);
    sample.kind = FH_RECORD_SAMPLE;
    sample.id = ids[i];
    sample.status = FH_SAMPLE_NOT_SUPPORTED;
    FILE* file = ids[i] == 0 ? fopen("/sys/class/thermal/thermal_zone0/temp", "re") : NULL;
    if (file) {
      double milli = 0;
      sample.status = fscanf(file, "%lf", &milli) == 1 ? FH_SAMPLE_OK : FH_SAMPLE_ERROR;
      sample.value = milli / 1000;
      fclose(file);
    }
    const int32_t status = d->host->emit(d->host->ctx, call->sink, (const fh_record*)&sample);
    if (status != FH_OK) return status;
  }
  return FH_OK;
}

static const fh_devices kDevices = {sizeof(fh_devices), 0, demo_enumerate};
static const fh_telemetry kTelemetry = {sizeof(fh_telemetry), 0, demo_metrics, demo_sample};

static int32_t demo_create(const fh_host* host, const fh_config* config, void** self,
                           fh_error* err) {
  demo* d = calloc(1, sizeof *d);
  if (!d || !FH_HAS(host, emit)) {
    free(d);
    return failed(err, FH_E_HOST_TOO_OLD, "no memory, or the host has no 'emit'");
  }
  d->host = host;
  const uint32_t excluded = config->struct_size >= sizeof *config ? config->excluded_count : 0;
  for (uint32_t i = 0; i < excluded; ++i) {
    const fh_str key = config->excluded_keys[i];
    d->excluded |= key.len == sizeof(KEY) - 1 && memcmp(key.ptr, KEY, key.len) == 0;
  }
  *self = d;
  return FH_OK;
}

static const void* demo_query(void* self, fh_str id) {
  (void)self;
  if (id.len == strlen(FH_DEVICES_ID) && !memcmp(id.ptr, FH_DEVICES_ID, id.len)) return &kDevices;
  if (id.len == strlen(FH_TELEMETRY_ID) && !memcmp(id.ptr, FH_TELEMETRY_ID, id.len))
    return &kTelemetry;
  return NULL;
}

static int32_t demo_start(void* self, fh_error* err) {
  (void)self, (void)err;
  return FH_OK;
}

static int32_t demo_stop(void* self, fh_error* err) {
  (void)self, (void)err;
  return FH_OK;
}

static void demo_destroy(void* self) {
  free(self);
}

static const fh_descriptor kDescriptor = {sizeof(fh_descriptor),
                                          0,
                                          {"demo-c", sizeof("demo-c") - 1, 0},
                                          {"acme", sizeof("acme") - 1, 0},
                                          {"1.0", 3, 0}};

const fh_plugin_entry farmhand_plugin_v1 = {sizeof(fh_plugin_entry),
                                            FH_ABI_MAJOR,
                                            FH_ABI_MINOR,
                                            0,
                                            0,
                                            &kDescriptor,
                                            demo_create,
                                            demo_query,
                                            demo_start,
                                            demo_stop,
                                            demo_destroy};
