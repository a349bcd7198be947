// SPDX-License-Identifier: Apache-2.0
// Little-endian integers in byte strings, and hex. Bytes travel as std::string: it owns, it moves.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace farmhand {

static_assert(
    std::endian::native == std::endian::little,
    "stored and host-channel integers are little-endian; this code copies them as they are");

template <typename T>
requires std::is_arithmetic_v<T>
void append_le(std::string& out, T value) {
  const auto* at = reinterpret_cast<const char*>(&value);
  out.append(at, sizeof value);
}

// Takes a T off the front of `in`; nothing when too little is left.
template <typename T>
requires std::is_arithmetic_v<T> std::optional<T> take_le(std::string_view& in) {
  if (in.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  return value;
}

// Takes `n` bytes off the front of `in`; nothing when too little is left.
inline std::optional<std::string_view> take_bytes(std::string_view& in, size_t n) {
  if (in.size() < n) return std::nullopt;
  const std::string_view taken = in.substr(0, n);
  in.remove_prefix(n);
  return taken;
}

// The bytes of an array, as a string that does not own them.
inline std::string_view raw(const auto& array) {
  return {reinterpret_cast<const char*>(array.data()), array.size()};
}

// An array of exactly N bytes; zeros where there are more or fewer.
template <size_t N>
std::array<uint8_t, N> array_from(std::string_view bytes) {
  std::array<uint8_t, N> array{};
  if (bytes.size() == N) std::memcpy(array.data(), bytes.data(), N);
  return array;
}

std::string hex_from_bytes(std::string_view bytes);
std::optional<std::string> bytes_from_hex(std::string_view hex);

}  // namespace farmhand
