/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the previous call's arguments. */
#include "farmhand/abi.h"
static const fh_call* volatile previous;
#define ON_SAMPLE                                                       \
  if (previous != NULL && previous->call_id == 1) return FH_E_INTERNAL; \
  previous = call;
#include "plugin.h"
