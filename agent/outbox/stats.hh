// SPDX-License-Identifier: Apache-2.0
// What an operator sees of the outbox, also while the uplink is dead.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "outbox/segment.hh"

namespace farmhand {

struct LaneStats {
  uint64_t last_seq = 0;    // of the current epoch
  uint64_t depth = 0;       // sequence numbers stored and not applied, of all epochs
  uint64_t bytes = 0;       // on disk, the tail included
  uint64_t tail_bytes = 0;  // of them applied, kept for a coordinator that lost them
  uint64_t quota_bytes = 0;
  uint64_t oldest_age_ns = 0;  // of the oldest not applied; a lower bound after a reboot
  uint64_t gap_records = 0;    // dropped since the file began
  uint64_t gap_bytes = 0;
  std::array<uint64_t, kGapReasonCount> gaps{};  // gap_records by reason
  uint64_t gap_end =
      0;  // the highest number of this epoch that a gap took since the start; 0: none
};

enum class BallastState : uint8_t { kHeld, kReleased, kNone };

std::string_view name_of(BallastState state);

struct OutboxStats {
  Epoch epoch;
  std::array<LaneStats, kLaneCount> lanes;
  BallastState ballast = BallastState::kNone;
  uint64_t file_bytes = 0;  // main file and WAL
  uint64_t size_max = 0;
  uint64_t pending_bytes = 0;  // handed in and not yet committed
  uint64_t interruptions =
      0;                   // times that relaxed records may have been lost, since the file began
  bool writable = false;   // false: lanes 0 and 1 wait in memory, the others are refused
  bool disk_full = false;  // it lives on the space it has until there is `room_bytes` on the disk
  uint64_t room_bytes = 0;
  std::string directory;
  std::string error;  // why not writable, or what was last set aside
};

// What keeps records from being stored as they should be, and what to do: a sentence. Empty:
// nothing does.
std::string trouble_of(const OutboxStats& stats);

// One lane as the node tells it to the coordinator at hello.
struct Position {
  Epoch epoch;  // the current one
  Lane lane = Lane::kResults;
  uint64_t last_seq = 0;  // 0: nothing in this epoch yet
  Chain last_chain{};
  std::optional<Watermark> applied;  // may be of an older epoch
};

// What a watermark of the coordinator meant for us.
enum class Standing : uint8_t {
  kApplied,   // it agrees with what we hold
  kRewound,   // the coordinator went back: what it lost is sent again
  kNewEpoch,  // our disk went back or was cloned: not-applied rows moved to a new epoch; say hello
};

}  // namespace farmhand
