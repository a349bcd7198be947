// SPDX-License-Identifier: Apache-2.0
// Strings and structs on their way through the ABI.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "farmhand/abi.h"

namespace farmhand {

// The text is borrowed: it must outlive the call it is given to.
inline fh_str str(std::string_view text) {
  return {text.empty() ? nullptr : text.data(), static_cast<uint32_t>(text.size()), 0};
}

inline std::string_view view(fh_str text) {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

// For static descriptors: the length without the closing NUL.
template <size_t N>
constexpr fh_str literal(const char (&text)[N]) {
  return {text, static_cast<uint32_t>(N - 1), 0};
}

// A struct of this header's size, all else zero. (FH_INIT is a C compound literal.)
template <class Struct>
Struct made() {
  Struct fresh{};
  fresh.struct_size = sizeof(Struct);
  return fresh;
}

// A copy of what the other side gave: no byte beyond its struct_size is read, what is missing is
// zero. So an older host's shorter struct and a newer one's longer struct are both safe. Structs
// end on 8 bytes: a size that does not would cut a pointer in half, so the half is left out.
template <class Struct>
Struct taken(const Struct* given) {
  Struct copy{};
  if (given == nullptr) return copy;
  const size_t size = given->struct_size < sizeof copy ? given->struct_size : sizeof copy;
  memcpy(static_cast<void*>(&copy), given, size / 8 * 8);
  return copy;
}

// At most `size` bytes of `text`, never half a character.
inline std::string_view utf8_cut(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

// The length of the well-formed UTF-8 sequence (RFC 3629) at the front of `text`; 0: there is none.
inline size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool outside = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

// Replaces each byte that is not UTF-8 by '?' and each control character by a blank; no byte more
// or less, so that it works where memory is short.
inline void clean_in_place(char* text, size_t size) {
  for (size_t at = 0; at < size;) {
    const size_t length = utf8_sequence({text + at, size - at});
    const auto first = static_cast<unsigned char>(text[at]);
    if (length == 0) text[at] = '?';
    if (first < 0x20 || first == 0x7F) text[at] = ' ';
    at += length == 0 ? 1 : length;
  }
}

// What a device, a file or a vendor's library gave, made fit for a record.
inline std::string clean(std::string_view text) {
  std::string copy(text);
  clean_in_place(copy.data(), copy.size());
  return copy;
}

}  // namespace farmhand
