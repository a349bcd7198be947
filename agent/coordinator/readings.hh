// SPDX-License-Identifier: Apache-2.0
// The last reading of every series of one device, packed into the bytes of one row: per series a
// status (0: never read, else status + 1), the value and the wall time; 17 bytes, little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace farmhand::coordinator {

struct Reading {
  uint8_t status = 0;  // FH_SAMPLE_*
  double value = 0;    // meaningful for OK and STALE only
  int64_t wall_ns = 0;
  bool operator==(const Reading&) const = default;
};

class Readings {
 public:
  Readings() = default;
  explicit Readings(std::string packed) : packed_(std::move(packed)) {}

  void set(uint32_t series, const Reading& reading);
  std::optional<Reading> find(uint32_t series) const;
  const std::string& packed() const { return packed_; }

 private:
  std::string packed_;
};

}  // namespace farmhand::coordinator
