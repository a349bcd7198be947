/* SPDX-License-Identifier: Apache-2.0 */
/* Finds its devices only by touching them all, so that it lists none while it must keep off one; and
 * never returns for device a. */
#define ON_ENUMERATE                                                \
  if (without_a || without_b) {                                     \
    strcpy(call->err->text, "a device cannot be kept off alone");   \
    return FH_E_UNSUPPORTED;                                        \
  }
#define ON_SAMPLE if (call->device == 1 && fault_on()) hang();
#include "plugin.h"
