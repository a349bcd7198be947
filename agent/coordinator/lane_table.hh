// SPDX-License-Identifier: Apache-2.0
// Lanes: watermarks, the ledger, and the archive of segments as they came.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "coordinator/ledger.hh"
#include "coordinator/prepare.hh"
#include "wire/record.hh"
#include "wire/sync.hh"

namespace farmhand::coordinator {

// Bytes of each lane that the archive keeps, the newest ones.
using ArchiveLimits = std::array<uint64_t, wire::kLaneCount>;
inline constexpr ArchiveLimits kArchiveLimits = {256ull << 20, 1ull << 30, 64ull << 20, 1ull << 30,
                                                 1ull << 30};

class LaneTable {
 public:
  Result<void> prepare(sqlite::Database& db);
  void set_archive_limits(const ArchiveLimits& limits) { limits_ = limits; }

  // Where a lane stands: its watermark in the newest epoch that has one.
  Result<std::optional<wire::Watermark>> find_current(int64_t node, uint8_t lane);
  Result<std::vector<wire::Watermark>> watermarks(int64_t node);  // of all lanes
  // How far the lane was applied in this epoch; 0: not at all.
  Result<uint64_t> applied_in(int64_t node, const wire::Epoch& epoch, uint8_t lane);

  // The row of an epoch, made where there is none. kExists: another life of the node has used this
  // number.
  Result<int64_t> epoch_row(int64_t node, const wire::Epoch& epoch);

  Result<void> append(int64_t epoch, uint8_t lane, const LedgerRow& row);
  Result<void> set_watermark(int64_t epoch, const wire::Watermark& watermark);
  Result<void> archive(int64_t epoch, const wire::Segment& segment);
  Result<uint64_t> archived_bytes(uint8_t lane);

  Result<void> end_epoch(int64_t node, const wire::EpochStart& start);
  Result<void> add_interruption(int64_t node, const wire::Interruption& interruption);

  Result<std::vector<LaneLedger>> ledgers();  // all of the farm's, for the checker

 private:
  Result<std::optional<int64_t>> find_epoch(int64_t node, const wire::Epoch& epoch);
  Result<std::vector<LedgerRow>> ledger_rows(int64_t epoch, uint8_t lane);

  ArchiveLimits limits_ = kArchiveLimits;
  sqlite::Statement current_, applied_in_, find_epoch_, epoch_of_counter_, add_epoch_;
  sqlite::Statement last_row_, add_row_, extend_row_, set_watermark_;
  sqlite::Statement archive_lane_, add_to_archive_, set_archive_lane_, oldest_, drop_oldest_;
  sqlite::Statement end_epoch_, add_interruption_, all_lanes_, ledger_rows_;
};

}  // namespace farmhand::coordinator
