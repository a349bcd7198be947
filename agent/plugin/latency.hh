// SPDX-License-Identifier: Apache-2.0
// Call durations as a histogram of fixed size: four steps per doubling, so a percentile is at most
// a quarter too high.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace farmhand {

class LatencyHistogram {
 public:
  void add(uint64_t ns) {
    ++counts_[bucket_of(ns)];
    ++total_;
    max_ns_ = std::max(max_ns_, ns);
  }

  // The smallest bucket limit that `percent` of the calls did not exceed; 0: no calls yet.
  uint64_t percentile_ns(uint32_t percent) const {
    const uint64_t wanted = (total_ * percent + 99) / 100;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < kBuckets && total_ > 0; ++i) {
      seen += counts_[i];
      if (seen >= wanted) return std::min(limit_of(i), max_ns_);
    }
    return 0;
  }
  uint64_t max_ns() const { return max_ns_; }
  uint64_t total() const { return total_; }

 private:
  static constexpr uint32_t kFirstBit = 8;  // below 256 ns all is one
  static constexpr uint32_t kBuckets = 4 * 30;

  static uint32_t bucket_of(uint64_t ns) {
    const uint64_t bounded = std::max<uint64_t>(ns, 1u << kFirstBit);
    const auto top = static_cast<uint32_t>(std::bit_width(bounded)) - 1;
    const auto step = static_cast<uint32_t>(bounded >> (top - 2)) & 3;
    return std::min((top - kFirstBit) * 4 + step, kBuckets - 1);
  }
  static uint64_t limit_of(uint32_t bucket) {
    return (uint64_t{5} + bucket % 4) << (bucket / 4 + kFirstBit - 2);
  }

  std::array<uint32_t, kBuckets> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ns_ = 0;
};

}  // namespace farmhand
