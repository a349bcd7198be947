// SPDX-License-Identifier: Apache-2.0
// Growth per second of a counter, from two readings of it. A counter that went back was restarted:
// it has no rate until it is read once more.
#pragma once

#include <cstdint>
#include <optional>

namespace farmhand {

class Rate {
 public:
  std::optional<double> update(double counter, uint64_t boottime_ns) {
    const double before = counter_;
    const uint64_t then_ns = boottime_ns_;
    if (then_ns != 0 && boottime_ns <= then_ns) return std::nullopt;  // the same reading again
    counter_ = counter;
    boottime_ns_ = boottime_ns;
    if (then_ns == 0 || counter < before) return std::nullopt;
    return (counter - before) * 1e9 / static_cast<double>(boottime_ns - then_ns);
  }
  void reset() { boottime_ns_ = 0; }

 private:
  double counter_ = 0;
  uint64_t boottime_ns_ = 0;  // 0: no reading yet
};

}  // namespace farmhand
