/* SPDX-License-Identifier: Apache-2.0 */
/* Device a is lost while the fault is on. */
#define ON_SAMPLE                        \
  if (call->device == 1 && fault_on()) { \
    strcpy(call->err->text, "it fell off the bus"); \
    call->err->vendor_code = 79;         \
    return FH_E_DEVICE_LOST;             \
  }
#include "plugin.h"
