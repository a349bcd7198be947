/* SPDX-License-Identifier: Apache-2.0 */
/* Shows the bytes of an unterminated buffer as a model's name. */
#include "farmhand/devices.h"
static void latin(const fh_call* call);
#define ON_ENUMERATE latin(call);
#include "plugin.h"

static void latin(const fh_call* call) {
  emit_device(call, 7, STR("M\xfcller"));
}
