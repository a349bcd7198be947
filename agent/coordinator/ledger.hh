// SPDX-License-Identifier: Apache-2.0
// The proof that nothing is missing silently: each lane of each epoch must be covered, from 1 to
// its end, exactly once, by records or by gaps that say why. Pure arithmetic over rows; the same
// code checks a store at rest and a running one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hh"
#include "base/json.hh"
#include "wire/position.hh"
#include "wire/sync.hh"

namespace farmhand::coordinator {

// One stretch of a lane that was applied alike.
struct LedgerRow {
  uint64_t from = 0;
  uint64_t to = 0;
  bool gap = false;
  wire::GapReason reason = wire::GapReason::kNone;
  uint64_t lost_bytes = 0;
  wire::Chain chain{};
};

// True if `next` continues `row` and may become part of it.
bool merges(const LedgerRow& row, const LedgerRow& next);

struct LaneLedger {
  Uuid node;
  wire::Epoch epoch;
  uint8_t lane = 0;
  std::vector<LedgerRow> rows;             // ascending
  std::optional<wire::Watermark> applied;  // the watermark row
  uint64_t stated_end = 0;  // what a later epoch says was this one's last; 0: nothing
};

struct LaneReport {
  Uuid node;
  wire::Epoch epoch;
  uint8_t lane = 0;
  uint64_t last = 0;
  uint64_t records = 0;
  uint64_t lost = 0;  // sequence numbers that gaps stand for
  std::vector<LedgerRow> gaps;
  std::vector<std::pair<uint64_t, uint64_t>> holes;  // from, to
  std::vector<std::pair<uint64_t, uint64_t>> overlaps;
  std::vector<std::string> findings;  // each a sentence; empty: covered exactly once
};

LaneReport check_lane(const LaneLedger& lane);

struct FarmReport {
  std::vector<LaneReport> lanes;  // a node's together, and an epoch's
  bool ok() const;
};

std::string json_from(const FarmReport& report);
std::string text_from(const FarmReport& report);  // its last line is the verdict
bool is_good_text(std::string_view text);
std::string_view name_of(wire::GapReason reason);

}  // namespace farmhand::coordinator
