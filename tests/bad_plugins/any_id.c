/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the front of an interface id only. */
#include "farmhand/telemetry.h"
#define TABLES
static const void* query(void* self, fh_str id);
#include "plugin.h"

static const fh_devices devices = {sizeof devices, 0, enumerate};
static const fh_telemetry telemetry = {sizeof telemetry, 0, metrics, sample};

static const void* query(void* self, fh_str id) {
  (void)self;
  if (id.len >= 12 && !strncmp(id.ptr, FH_DEVICES_ID, 12)) return &devices;
  if (id.len >= 12 && !strncmp(id.ptr, FH_TELEMETRY_ID, 12)) return &telemetry;
  return NULL;
}
