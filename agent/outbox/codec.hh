// SPDX-License-Identifier: Apache-2.0
// The varints of a segment's bytes: 7 bits a byte, lowest first, the top bit says "more follows".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farmhand {

inline void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Takes one off the front of `in`; nothing when it is cut or longer than 64 bits.
inline std::optional<uint64_t> take_varint(std::string_view& in) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    value |= uint64_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

}  // namespace farmhand
