/* SPDX-License-Identifier: Apache-2.0 */
/* A standard name with a unit of its own. */
#include "farmhand/telemetry.h"
static void kilo(const fh_call* call);
#define ON_METRICS kilo(call);
#include "plugin.h"

static void kilo(const fh_call* call) {
  emit_metric(call, 7, STR("energy"), FH_UNIT_WATT);
}
