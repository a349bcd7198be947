// SPDX-License-Identifier: Apache-2.0
#include <farmhand/metrics.h>
#include <farmhand/plugin.hh>
#include <farmhand/reasons.h>

#include <string_view>

#define _Alignof alignof
#define FH_LAYOUT(truth) static_assert(truth, "the ABI's layout never changes");
#define FH_WORD(name, word) \
  static_assert(std::string_view(name) == word, "a word never changes");
#include "layout_v1.inc"
