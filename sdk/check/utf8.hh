// SPDX-License-Identifier: Apache-2.0
// What the agent accepts as text: whole UTF-8 without control characters.
#pragma once

#include <farmhand/text.hh>

namespace farmhand::check {

inline bool is_clean(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0 || first < 0x20 || first == 0x7F) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace farmhand::check
