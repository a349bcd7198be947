/* SPDX-License-Identifier: Apache-2.0 */
/* Counts handles on with each enumeration. */
#include "farmhand/devices.h"
static int32_t count_on(const fh_call* call);
#define ON_ENUMERATE return count_on(call);
#include "plugin.h"

static int32_t count_on(const fh_call* call) {
  static uint32_t next;
  emit_device(call, ++next, STR("a"));
  emit_device(call, ++next, STR("b"));
  return FH_OK;
}
