// SPDX-License-Identifier: Apache-2.0
// Putting frames together and taking them apart, the same on both ends. Taking checks every length.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "base/bytes.hh"
#include "plugin/frame.hh"

namespace farmhand::frame {

// The bytes of a frame's struct; borrowed.
template <typename T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

inline void append_string(std::string& out, std::string_view text) {
  append_le(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

inline void append_frame(std::string& out, Type type, std::string_view head,
                         std::string_view body = {}) {
  const auto length = static_cast<uint32_t>(head.size() + body.size());
  const Header header{.length = length, .type = type, .reserved0 = 0};
  out.append(bytes_of(header)).append(head).append(body);
}

// False, with `out` untouched, when too little is left.
template <typename T>
bool take(std::string_view& in, T& out) {
  const auto bytes = take_bytes(in, sizeof out);
  if (bytes) std::memcpy(&out, bytes->data(), sizeof out);
  return bytes.has_value();
}

inline bool take_string(std::string_view& in, std::string& out) {
  const auto length = take_le<uint32_t>(in);
  const auto bytes = length ? take_bytes(in, *length) : std::nullopt;
  if (bytes) out = *bytes;
  return bytes.has_value();
}

// Takes whole frames off the front of `bytes` and gives each to `on_frame(type, content)`, until
// one is incomplete. False: a frame too long, or one that `on_frame` refused.
template <typename OnFrame>
bool take_frames(std::string_view& bytes, OnFrame on_frame) {
  for (;;) {
    std::string_view rest = bytes;
    Header header;
    if (!take(rest, header)) return true;
    if (header.length > kFrameBytesMax) return false;
    const auto content = take_bytes(rest, header.length);
    if (!content) return true;
    bytes = rest;
    if (!on_frame(header.type, *content)) return false;
  }
}

}  // namespace farmhand::frame
