// SPDX-License-Identifier: Apache-2.0
#include "coordinator/readings.hh"

#include "base/bytes.hh"

namespace farmhand::coordinator {
namespace {
constexpr size_t kReadingBytes = 17;
}

void Readings::set(uint32_t series, const Reading& reading) {
  const size_t at = series * kReadingBytes;
  if (packed_.size() < at + kReadingBytes) packed_.resize(at + kReadingBytes);
  std::string one;
  append_le(one, static_cast<uint8_t>(reading.status + 1));
  append_le(one, reading.value);
  append_le(one, reading.wall_ns);
  packed_.replace(at, kReadingBytes, one);
}

std::optional<Reading> Readings::find(uint32_t series) const {
  const size_t at = series * kReadingBytes;
  if (packed_.size() < at + kReadingBytes) return std::nullopt;
  std::string_view in = std::string_view(packed_).substr(at, kReadingBytes);
  const uint8_t mark = *take_le<uint8_t>(in);
  if (mark == 0) return std::nullopt;
  Reading reading;
  reading.status = static_cast<uint8_t>(mark - 1);
  reading.value = *take_le<double>(in);
  reading.wall_ns = *take_le<int64_t>(in);
  return reading;
}

}  // namespace farmhand::coordinator
