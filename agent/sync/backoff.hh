// SPDX-License-Identifier: Apache-2.0
// When to try again: doubling up to a limit, each delay drawn between half and the whole, so that
// ten thousand nodes that lost the same coordinator do not come back in the same second.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/ids.hh"

namespace farmhand {

class Backoff {
 public:
  Backoff(uint64_t min_ms, uint64_t max_ms) : min_ms_(min_ms), max_ms_(max_ms), next_ms_(min_ms) {}

  uint64_t next_ms() {
    const uint64_t whole = next_ms_;
    next_ms_ = std::min(next_ms_ * 2, max_ms_);
    return whole / 2 + draw() % (whole / 2 + 1);
  }
  void at_most() { next_ms_ = max_ms_; }  // the next delay is a long one
  void reset() { next_ms_ = min_ms_; }

 private:
  static uint64_t draw() {
    uint8_t bytes[8];
    fill_random(bytes);
    uint64_t number = 0;
    for (const uint8_t byte : bytes) number = number << 8 | byte;
    return number;
  }

  uint64_t min_ms_, max_ms_, next_ms_;
};

}  // namespace farmhand
