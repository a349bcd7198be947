/* SPDX-License-Identifier: Apache-2.0 */
/* Every interface, with a hook in each call that the others do not have. Built once for each way of
 * being wrong, with the hook on the compiler's command line: see meson.build. */
#include "farmhand/diag.h"
#include "farmhand/events.h"
#include "farmhand/health.h"
#include "farmhand/jobenv.h"
#include "farmhand/reset.h"
#include "farmhand/slice.h"
#define TABLES
static const void *query(void *self, fh_str id);
#include "plugin.h"

#ifndef ON_CHECK
#define ON_CHECK
#endif
#ifndef ON_WAIT
#define ON_WAIT
#endif
#ifndef ON_PREPARE
#define ON_PREPARE
#endif
#ifndef ON_RUN
#define ON_RUN
#endif
#ifndef ON_RESET
#define ON_RESET
#endif
#ifndef ON_SLICES
#define ON_SLICES
#endif

static int32_t check(void *self, const fh_call *call) {
  (void)self, (void)call;
  ON_CHECK
  return FH_OK;
}

static int32_t wait_for_events(void *self, const fh_call *call) {
  (void)self, (void)call;
  ON_WAIT
  return FH_E_UNSUPPORTED;
}

static int32_t prepare(void *self, const fh_call *call, const fh_lease *lease) {
  (void)self, (void)call, (void)lease;
  ON_PREPARE
  return FH_E_INVALID;
}

static int32_t release(void *self, const fh_call *call, const fh_lease *lease) {
  (void)self, (void)call, (void)lease;
  return FH_OK;
}

static int32_t nothing(void *self, const fh_call *call) {
  (void)self, (void)call;
  return FH_OK;
}

static int32_t run(void *self, const fh_call *call, const fh_test_run *what) {
  (void)self, (void)call, (void)what;
  ON_RUN
  return FH_E_INVALID;
}

static int32_t reset(void *self, const fh_call *call, int32_t kind) {
  (void)self, (void)call, (void)kind;
  ON_RESET
  return FH_E_UNSUPPORTED;
}

static int32_t slices(void *self, const fh_call *call) {
  (void)self, (void)call;
  ON_SLICES
  return FH_OK;
}

static int32_t apply(void *self, const fh_call *call, const fh_str *profiles, uint32_t count) {
  (void)self, (void)call, (void)profiles, (void)count;
  return FH_E_UNSUPPORTED;
}

static const fh_devices devices = {sizeof devices, 0, enumerate};
static const fh_telemetry telemetry = {sizeof telemetry, 0, metrics, sample};
static const fh_health health = {sizeof health, 0, check};
static const fh_events events = {sizeof events, 0, wait_for_events};
static const fh_jobenv jobenv = {sizeof jobenv, 0, prepare, release};
static const fh_diag diag = {sizeof diag, 0, nothing, run};
static const fh_reset resets = {sizeof resets, 0, nothing, reset};
static const fh_slices slicing = {sizeof slicing, 0, slices, nothing, apply};

static const struct {
  const char *id;
  const void *table;
} tables[] = {{FH_DEVICES_ID, &devices}, {FH_TELEMETRY_ID, &telemetry}, {FH_HEALTH_ID, &health},
              {FH_EVENTS_ID, &events},   {FH_JOBENV_ID, &jobenv},       {FH_DIAG_ID, &diag},
              {FH_RESET_ID, &resets},    {FH_SLICE_ID, &slicing}};

static const void *query(void *self, fh_str id) {
  (void)self;
  for (size_t i = 0; i < sizeof tables / sizeof *tables; ++i) {
    if (id.len == strlen(tables[i].id) && !memcmp(id.ptr, tables[i].id, id.len)) {
      return tables[i].table;
    }
  }
  return NULL;
}
