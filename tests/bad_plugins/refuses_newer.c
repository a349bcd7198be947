/* SPDX-License-Identifier: Apache-2.0 */
/* Runs with exactly the host that it was built against. */
#define ON_CREATE                                                                \
  if (given->abi_minor != FH_ABI_MINOR || given->struct_size != sizeof *given) { \
    strcpy(err->text, "unknown host");                                           \
    return FH_E_HOST_TOO_OLD;                                                    \
  }
#include "plugin.h"
