/* SPDX-License-Identifier: Apache-2.0 */
/* Prepares devices it never listed, otherwise each time, and cannot release twice. */
#include "farmhand/devices.h"
#include "farmhand/jobenv.h"
#define TABLES
static const void* query(void* self, fh_str id);
#include "plugin.h"

static const fh_devices devices = {sizeof devices, 0, enumerate};
static int prepared;

static int32_t prepare(void* self, const fh_call* call, const fh_lease* lease) {
  fh_node node;
  (void)self, (void)lease;
  FH_INIT(&node);
  node.kind = FH_RECORD_NODE;
  node.access = FH_ACCESS_READ | FH_ACCESS_WRITE;
  node.path = prepared++ ? STR("/dev/acme1") : STR("/dev/acme0");
  return emit(call, &node);
}

static int32_t release(void* self, const fh_call* call, const fh_lease* lease) {
  (void)self, (void)lease;
  if (prepared-- > 0) return FH_OK;
  strcpy(call->err->text, "not prepared");
  return FH_E_INVALID;
}

static const fh_jobenv jobenv = {sizeof jobenv, 0, prepare, release};

static const void* query(void* self, fh_str id) {
  (void)self, (void)metrics, (void)sample;
  if (id.len == strlen(FH_DEVICES_ID) && !memcmp(id.ptr, FH_DEVICES_ID, id.len)) return &devices;
  if (id.len == strlen(FH_JOBENV_ID) && !memcmp(id.ptr, FH_JOBENV_ID, id.len)) return &jobenv;
  return NULL;
}
