/* SPDX-License-Identifier: Apache-2.0 */
/* Writes nonsense into the channel to the agent. */
#define ON_SAMPLE                                                        \
  if (call->device == 1 && fault_on()) {                                 \
    static const char nonsense[64] = {-1, -1, -1, -1, -1, -1, -1, -1};   \
    if (write(3, nonsense, sizeof nonsense) < 0) return FH_E_INTERNAL;   \
  }
#include "plugin.h"
