/* SPDX-License-Identifier: Apache-2.0 */
/* Two devices, one key: both serials could not be read. */
#include "farmhand/devices.h"
static void twins(const fh_call* call);
#define ON_ENUMERATE twins(call);
#include "plugin.h"

static void twins(const fh_call* call) {
  emit_device(call, 7, STR("0"));
  emit_device(call, 8, STR("0"));
}
