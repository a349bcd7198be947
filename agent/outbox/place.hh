// SPDX-License-Identifier: Apache-2.0
// Where something stands in a lane of one queue file, and the key of its row.
#pragma once

#include <compare>
#include <cstdint>

#include "outbox/lane.hh"

namespace farmhand {

constexpr int kSeqBits = 44;    // 17 * 10^12 records per lane and epoch
constexpr int kEpochBits = 16;  // epochs per file
constexpr int kLaneShift = kSeqBits + kEpochBits;
constexpr uint64_t kSeqMax = (uint64_t{1} << kSeqBits) - 1;
constexpr uint32_t kEpochIdMax = (1u << kEpochBits) - 1;

// `epoch` is the file's own number of an epoch, from 1. {0, 0} stands before everything.
struct Place {
  uint32_t epoch = 0;
  uint64_t seq = 0;
  auto operator<=>(const Place&) const = default;
};

constexpr int64_t position_of(Lane lane, Place from) {
  return static_cast<int64_t>(uint64_t{index_of(lane)} << kLaneShift |
                              uint64_t{from.epoch} << kSeqBits | from.seq);
}

constexpr Lane lane_of(int64_t position) {
  return static_cast<Lane>(position >> kLaneShift);
}

constexpr Place place_of(int64_t position) {
  const auto bits = static_cast<uint64_t>(position);
  return {static_cast<uint32_t>(bits >> kSeqBits) & kEpochIdMax, bits & kSeqMax};
}

// Larger than every place of a lane.
constexpr Place kLaneEnd = {kEpochIdMax, kSeqMax};

}  // namespace farmhand
