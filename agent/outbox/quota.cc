// SPDX-License-Identifier: Apache-2.0
#include "outbox/quota.hh"

#include <algorithm>

namespace farmhand {

namespace {

constexpr uint64_t kMiB = 1 << 20;
// In percent of the main file. The rest is for what the lanes' accounts do not see: half-filled
// pages, the other tables, pages that a transaction frees only at its end.
constexpr std::array<uint64_t, kLaneCount> kShares = {8, 8, 8, 16, 45};

}  // namespace

ByteBudget budget_from(uint64_t size_max) {
  ByteBudget b;
  b.size_max = std::max(size_max, kOutboxBytesMin);
  b.ballast_bytes = std::min(64 * kMiB, b.size_max / 16);
  b.evidence_bytes = std::min(kMiB, b.size_max / 32);
  // The WAL may grow beyond the mark by one group and what is dropped to make room for it.
  const uint64_t wal_bytes = std::min(16 * kMiB, b.size_max / 4);
  b.checkpoint_bytes = wal_bytes / 4;
  b.wal_bytes_kept = wal_bytes / 8 * 3;
  b.file_bytes = b.size_max - b.ballast_bytes - b.evidence_bytes - wal_bytes;
  b.vacuum_bytes = std::min(4 * kMiB, b.file_bytes / 8);
  for (size_t i = 0; i < kShares.size(); ++i) b.lane_bytes[i] = b.file_bytes * kShares[i] / 100;
  return b;
}

}  // namespace farmhand
