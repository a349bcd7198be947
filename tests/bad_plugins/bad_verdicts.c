/* SPDX-License-Identifier: Apache-2.0 */
/* Judges without a reason, every device there is or is not, and other checks each time. */
#include "farmhand/devices.h"
#include "farmhand/health.h"
#define TABLES
static const void* query(void* self, fh_str id);
#include "plugin.h"

static const fh_devices devices = {sizeof devices, 0, enumerate};

static int32_t check(void* self, const fh_call* call) {
  static char name[] = "check.a";
  (void)self;
  name[6] = name[6] == 'z' ? 'a' : (char)(name[6] + 1);
  fh_verdict verdict;
  FH_INIT(&verdict);
  verdict.kind = FH_RECORD_VERDICT;
  verdict.verdict = FH_VERDICT_FAIL;
  verdict.check = (fh_str){name, sizeof name - 1, 0};
  return emit(call, &verdict);
}

static const fh_health health = {sizeof health, 0, check};

static const void* query(void* self, fh_str id) {
  (void)self, (void)metrics, (void)sample;
  if (id.len == strlen(FH_DEVICES_ID) && !memcmp(id.ptr, FH_DEVICES_ID, id.len)) return &devices;
  if (id.len == strlen(FH_HEALTH_ID) && !memcmp(id.ptr, FH_HEALTH_ID, id.len)) return &health;
  return NULL;
}
