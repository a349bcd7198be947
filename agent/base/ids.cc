// SPDX-License-Identifier: Apache-2.0
#include "base/ids.hh"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/bytes.hh"

namespace farmhand {

void fill_random(std::span<uint8_t> out) {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = getrandom(out.data() + done, out.size() - done, 0);
    if (n < 0 && errno != EINTR) std::abort();
    if (n > 0) done += static_cast<size_t>(n);
  }
}

Uuid Uuid::random() {
  Uuid id;
  fill_random(id.bytes);
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

Result<Uuid> Uuid::parse(std::string_view text) {
  const Error wrong{Errc::kInvalid, "'" + std::string(text) + "' is not a UUID (8-4-4-4-12 hex)"};
  if (text.size() != 36) return wrong;
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash_here = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash_here != (text[i] == '-')) return wrong;
    if (!dash_here) digits += text[i];
  }
  const auto raw = bytes_from_hex(digits);
  return raw ? from_bytes(*raw) : Result<Uuid>(wrong);
}

Result<Uuid> Uuid::from_bytes(std::string_view raw) {
  Uuid id;
  if (raw.size() != id.bytes.size()) return Error{Errc::kInvalid, "a UUID has 16 bytes"};
  std::memcpy(id.bytes.data(), raw.data(), raw.size());
  return id;
}

std::string Uuid::text() const {
  std::string out = hex_from_bytes(raw());
  for (const size_t at : {8u, 13u, 18u, 23u}) out.insert(at, "-");
  return out;
}

}  // namespace farmhand
