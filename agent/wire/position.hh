// SPDX-License-Identifier: Apache-2.0
// Where in a node's outbox something stands: epoch, lane, sequence, chain. The wire's own values;
// the outbox has its own and they are converted where both are known.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace farmhand::wire {

inline constexpr uint32_t kProtocolVersion = 1;
inline constexpr size_t kMessageBytesMax = size_t{2} << 20;  // one WebSocket message
inline constexpr size_t kRecordBytesMax = size_t{1} << 20;   // one record
inline constexpr uint8_t kLaneCount = 5;

using Chain = std::array<uint8_t, 16>;

struct Epoch {
  uint64_t counter = 0;
  std::array<uint8_t, 16> random{};
  bool operator==(const Epoch&) const = default;
};

// Everything of the lane up to `seq`; `chain` is that of the segment that ends there.
struct Watermark {
  Epoch epoch;
  uint8_t lane = 0;
  uint64_t seq = 0;
  Chain chain{};
  bool operator==(const Watermark&) const = default;
};

}  // namespace farmhand::wire
