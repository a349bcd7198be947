// SPDX-License-Identifier: Apache-2.0
// Small conversions between plain values and protobuf's, for this folder only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.hh"
#include "base/result.hh"

namespace farmhand::wire {

// Protobuf writes text that is not UTF-8 and then refuses to read it, which would poison a lane. So
// what is not UTF-8 is replaced here: each bad byte by U+FFFD.
std::string utf8(std::string_view text);

inline std::string bytes_of(const std::array<uint8_t, 16>& raw) {
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

// 16 bytes, or none at all, which stands for zeros.
inline bool take_16(std::array<uint8_t, 16>& out, std::string_view raw) {
  if (raw.empty()) return true;
  if (raw.size() != out.size()) return false;
  std::copy(raw.begin(), raw.end(), out.begin());
  return true;
}

inline bool take_uuid(Uuid& out, std::string_view raw) {
  return raw.size() == out.bytes.size() && take_16(out.bytes, raw);
}

// An enum's number, or 0 (unspecified) for one that is newer than we are.
template <typename Enum>
Enum enum_from(int number, Enum last) {
  const bool known = number >= 0 && number <= static_cast<int>(last);
  return known ? static_cast<Enum>(number) : Enum{};
}

inline Error corrupt(std::string_view what) {
  return {Errc::kCorrupt, std::string(what)};
}

}  // namespace farmhand::wire
