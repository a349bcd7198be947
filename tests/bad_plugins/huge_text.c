/* SPDX-License-Identifier: Apache-2.0 */
/* A device key of a megabyte. */
#include "farmhand/devices.h"
static void huge(const fh_call* call);
#define ON_ENUMERATE huge(call);
#include "plugin.h"

static void huge(const fh_call* call) {
  static char text[1 << 20];
  memset(text, 'k', sizeof text);
  emit_device(call, 7, (fh_str){text, sizeof text, 0});
}
