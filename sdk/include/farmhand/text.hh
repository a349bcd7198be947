// SPDX-License-Identifier: Apache-2.0
// Strings and structs on their way through the ABI.
#pragma once

#include <cstdint>
#include <cstring>
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

}  // namespace farmhand
