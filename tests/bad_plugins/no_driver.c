/* SPDX-License-Identifier: Apache-2.0 */
/* What it needs is not installed while the fault is on. */
#define ON_ENUMERATE                                          \
  if (fault_on()) {                                           \
    strcpy(call->err->text, "libacme.so.1 is not installed"); \
    return FH_E_UNSUPPORTED;                                  \
  }
#include "plugin.h"
