// SPDX-License-Identifier: Apache-2.0
#include <farmhand/plugin.hh>

#define _Alignof alignof
#define FH_LAYOUT(truth) static_assert(truth, "the ABI's layout never changes");
#include "layout_v1.inc"
