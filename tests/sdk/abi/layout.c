/* SPDX-License-Identifier: Apache-2.0 */
/* The recorded layout, asserted by the C compiler; by the C++ compiler in layout.cc. */
#include <farmhand/devices.h>
#include <farmhand/diag.h>
#include <farmhand/events.h>
#include <farmhand/health.h>
#include <farmhand/jobenv.h>
#include <farmhand/metrics.h>
#include <farmhand/reasons.h>
#include <farmhand/reset.h>
#include <farmhand/slice.h>

#define FH_LAYOUT(truth) _Static_assert(truth, "the ABI's layout never changes");
/* C compares no words at compile time, C++ does (layout.cc); here their lengths. */
#define FH_WORD(name, word) _Static_assert(sizeof(name) == sizeof(word), "a word never changes");
#include "layout_v1.inc"

/* The code of a reason is written twice in reasons.h: in the table and as a constant. */
#define FH_SAME(name, code, meaning, action) \
  _Static_assert(sizeof(FH_REASON_##name) == sizeof(code), "one code per reason");
FH_REASONS(FH_SAME)
