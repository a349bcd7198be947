/* SPDX-License-Identifier: Apache-2.0 */
/* Four devices of 32 metrics each, answered at once: what remains is the cost of asking. Built twice,
 * with INDEX 0 and 1. */
#include <stdio.h>
#include <string.h>

#include "farmhand/devices.h"
#include "farmhand/telemetry.h"

#define WORD(x) #x
#define TEXT(x) WORD(x)
#define STR(literal) ((fh_str){literal, sizeof(literal) - 1, 0})

static const fh_host *host;

static int32_t create(const fh_host *given, const fh_config *config, void **self, fh_error *err) {
  (void)config, (void)err;
  host = given;
  *self = &host;
  return FH_OK;
}

static int32_t nothing(void *self, fh_error *err) {
  (void)self, (void)err;
  return FH_OK;
}

static void destroy(void *self) { (void)self; }

static int32_t enumerate(void *self, const fh_call *call) {
  (void)self;
  for (uint32_t i = 0; i < 4; ++i) {
    char key[32];
    fh_device device;
    FH_INIT(&device);
    device.kind = FH_RECORD_DEVICE;
    device.handle = i;
    device.device_kind = FH_DEVICE_ACCELERATOR;
    device.numa_node = -1;
    device.key = (fh_str){key, (uint32_t)snprintf(key, sizeof key, "bench-%d-%u", INDEX, i), 0};
    host->emit(host->ctx, call->sink, (const fh_record *)&device);
  }
  return FH_OK;
}

static int32_t metrics(void *self, const fh_call *call) {
  (void)self;
  for (uint32_t i = 0; i < 32; ++i) {
    char core[8];
    fh_metric metric;
    FH_INIT(&metric);
    metric.kind = FH_RECORD_METRIC;
    metric.id = i;
    metric.metric_kind = FH_METRIC_GAUGE;
    metric.unit = FH_UNIT_CELSIUS;
    metric.name = STR("temperature");
    metric.label = STR("core");
    metric.label_value = (fh_str){core, (uint32_t)snprintf(core, sizeof core, "%u", i), 0};
    host->emit(host->ctx, call->sink, (const fh_record *)&metric);
  }
  return FH_OK;
}

static int32_t sample(void *self, const fh_call *call, const uint32_t *ids, uint32_t count) {
  (void)self;
  for (uint32_t i = 0; i < count; ++i) {
    fh_sample reading;
    FH_INIT(&reading);
    reading.kind = FH_RECORD_SAMPLE;
    reading.id = ids[i];
    reading.value = 40 + ids[i];
    host->emit(host->ctx, call->sink, (const fh_record *)&reading);
  }
  return FH_OK;
}

static const fh_devices devices = {sizeof devices, 0, enumerate};
static const fh_telemetry telemetry = {sizeof telemetry, 0, metrics, sample};

static const void *query(void *self, fh_str id) {
  (void)self;
  if (id.len == strlen(FH_DEVICES_ID) && !memcmp(id.ptr, FH_DEVICES_ID, id.len)) return &devices;
  if (id.len == strlen(FH_TELEMETRY_ID) && !memcmp(id.ptr, FH_TELEMETRY_ID, id.len)) {
    return &telemetry;
  }
  return NULL;
}

#define ID "bench-" TEXT(INDEX)
static const fh_descriptor descriptor = {
    sizeof descriptor, 0, {ID, sizeof(ID) - 1, 0}, {"acme", 4, 0}, {"1.0", 3, 0}};

const fh_plugin_entry farmhand_plugin_v1 = {sizeof farmhand_plugin_v1,
                                            FH_ABI_MAJOR,
                                            0,
                                            0,
                                            0,
                                            &descriptor,
                                            create,
                                            query,
                                            nothing,
                                            nothing,
                                            destroy};
