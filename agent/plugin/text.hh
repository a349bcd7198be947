// SPDX-License-Identifier: Apache-2.0
// What may pass as text from a plugin: whole UTF-8 without control characters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace farmhand {

// The length of the well-formed sequence at the front of `text` (RFC 3629: shortest form, no
// surrogates, at most U+10FFFF); 0: there is none.
inline size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](size_t i) -> uint8_t { return static_cast<uint8_t>(text[i]); };
  if (text.empty()) return 0;
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool outside = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                       (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
  return outside ? 0 : length;
}

inline bool is_clean_text(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence(text);
    const auto first = static_cast<uint8_t>(text[0]);
    if (length == 0 || first < 0x20 || first == 0x7F) return false;
    text.remove_prefix(length);
  }
  return true;
}

// The same text made fit to show: at most `bytes_max`, what is not clean replaced by '?'.
inline std::string cleaned_text(std::string_view text, size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    const size_t length = utf8_sequence(text);
    const auto first = static_cast<uint8_t>(text[0]);
    const bool clean = length > 0 && first >= 0x20 && first != 0x7F;
    if (out.size() + (clean ? length : 1) > bytes_max) break;
    if (clean) out.append(text.substr(0, length));
    if (!clean) out += first == '\n' || first == '\t' ? ' ' : '?';
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace farmhand
