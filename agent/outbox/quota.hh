// SPDX-License-Identifier: Apache-2.0
// How the bytes on disk are shared out. Everything the outbox writes counts: the main file, the
// WAL, the ballast, the evidence. The lanes' shares are fixed, so what lanes 0 and 1 have is theirs
// whatever the others do.
#pragma once

#include <array>
#include <cstdint>

#include "outbox/lane.hh"

namespace farmhand {

// Below, one large commit would not fit beside the rest.
constexpr uint64_t kOutboxBytesMin = 64 << 20;

struct ByteBudget {
  uint64_t size_max = 0;
  uint64_t file_bytes = 0;        // the main file, a hard bound (max_page_count)
  uint64_t checkpoint_bytes = 0;  // WAL size after which it is written back
  uint64_t wal_bytes_kept = 0;    // as long the WAL file stays
  uint64_t ballast_bytes = 0;     // given up first when the disk is full
  uint64_t evidence_bytes = 0;    // of the records that the coordinator refused
  uint64_t vacuum_bytes = 0;      // less free space in the main file is not worth giving back
  std::array<uint64_t, kLaneCount> lane_bytes{};

  // Applied rows stay until they fill this much of a lane, or for kTailNs.
  uint64_t tail_bytes(Lane lane) const { return lane_bytes[index_of(lane)] / 5; }
};

constexpr uint64_t kTailNs = 24ull * 3600 * 1'000'000'000;

// A `size_max` below kOutboxBytesMin is taken for that.
ByteBudget budget_from(uint64_t size_max);

}  // namespace farmhand
