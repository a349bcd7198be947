// SPDX-License-Identifier: Apache-2.0
#include "outbox/shed.hh"

#include <algorithm>

namespace farmhand {

namespace {

constexpr int kTrimRowsMax = 256;  // per lane and transaction: a commit must not take long

// Order of sacrifice.
constexpr std::array<Lane, 3> kSheddable = {Lane::kTelemetry, Lane::kLogs, Lane::kInventory};

}  // namespace

bool Shedder::must_refuse(Lane lane, const Incoming& incoming) const {
  if (lane != Lane::kResults && lane != Lane::kHealth) return false;
  const LaneState& state = t_.registers.lane(lane);
  const uint64_t kept = state.bytes - std::min(state.bytes, state.tail_bytes);
  return kept + incoming[index_of(lane)] > budget_.lane_bytes[index_of(lane)];
}

Result<void> Shedder::make_room(const Incoming& incoming, bool disk_full) {
  uint64_t all = 0;
  for (const Lane lane : kLanes) {
    if (incoming[index_of(lane)] == 0) continue;
    all += incoming[index_of(lane)];
    if (auto made = make_room_in_lane(lane, incoming[index_of(lane)]); !made) return made;
  }
  return make_room_in_file(all, disk_full);
}

Result<void> Shedder::make_room_in_lane(Lane lane, uint64_t incoming) {
  const LaneState& state = t_.registers.lane(lane);
  const uint64_t quota = budget_.lane_bytes[index_of(lane)];
  while (state.bytes + incoming > quota) {
    auto trimmed = trim(lane, state.bytes + incoming - quota, false);
    if (!trimmed) return trimmed.error();
    if (*trimmed) continue;
    auto shed = shed_one(lane);
    if (!shed) return shed.error();
    if (!*shed) return {};  // what is left is in flight, or a lane that never drops
  }
  return {};
}

Result<void> Shedder::make_room_in_file(uint64_t incoming, bool disk_full) {
  for (;;) {
    auto pages = t_.pages();
    if (!pages) return pages.error();
    const bool fits = (pages->used * kPageBytes + incoming) <= budget_.file_bytes / 100 * 96;
    const bool fits_in_free = pages->free * kPageBytes >= incoming + incoming / 4 + 8 * kPageBytes;
    if (fits && (!disk_full || fits_in_free)) return {};
    bool freed = false;
    for (size_t i = kLanes.size(); i-- > 0 && !freed;) {
      auto trimmed = trim(kLanes[i], incoming, false);
      if (!trimmed) return trimmed.error();
      freed = *trimmed;
    }
    for (size_t i = 0; i < kSheddable.size() && !freed; ++i) {
      auto shed = shed_one(kSheddable[i]);
      if (!shed) return shed.error();
      freed = *shed;
    }
    if (!freed) return {};
  }
}

Result<void> Shedder::trim_tails(bool check_age) {
  for (const Lane lane : kLanes) {
    const LaneState& state = t_.registers.lane(lane);
    const uint64_t budget = budget_.tail_bytes(lane);
    const uint64_t excess = state.tail_bytes > budget ? state.tail_bytes - budget : 0;
    if (excess == 0 && !check_age) continue;
    if (auto trimmed = trim(lane, excess, check_age); !trimmed) return trimmed.error();
  }
  return {};
}

bool Shedder::expired(const Row& row) const {
  // Of an earlier boot only this is known: it is older than the present one.
  const uint64_t since = row.boot == t_.boot ? row.segment.boottime_ns : 0;
  return now_.boottime_ns > since && now_.boottime_ns - since > kTailNs;
}

// Deletes the oldest applied rows until `bytes` are gone. The last applied one stays: it is what a
// watermark's chain is compared with.
Result<bool> Shedder::trim(Lane lane, uint64_t bytes, bool check_age) {
  LaneState& state = t_.registers.lane(lane);
  if (state.tail_bytes == 0) return false;
  std::optional<Row> first, last;
  uint64_t freed = 0;
  int rows = 0;
  auto walked = t_.rows.heads(lane, {}, [&](Row& row) {
    if (row.end() >= state.applied || ++rows > kTrimRowsMax) return false;
    if (freed >= bytes && !(check_age && expired(row))) return false;
    freed += disk_cost(row.size);
    if (!first) first = row;
    last = row;
    return true;
  });
  if (!walked) return walked.error();
  if (!first) return false;
  state.bytes -= std::min(state.bytes, freed);
  state.tail_bytes -= std::min(state.tail_bytes, freed);
  state.floor = last->end();
  state.floor_chain = last->segment.chain;
  if (auto gone = t_.rows.erase_range(lane, first->from(), last->from()); !gone)
    return gone.error();
  return true;
}

Result<bool> Shedder::shed_one(Lane lane) {
  if (lane == Lane::kResults || lane == Lane::kHealth) return false;
  const Place after = t_.untouchable(lane);
  if (lane == Lane::kTelemetry) {
    auto thinned = thin_one(lane, after);
    if (!thinned || *thinned) return thinned;
  }
  auto row = t_.rows.find_first_with_records(lane, after);
  if (!row) return row.error();
  if (!*row) return false;
  if (auto made = t_.make_gap(std::move(**row), GapReason::kQuota); !made) return made.error();
  return true;
}

// One more segment thinned, while the newest quarter of the lane is left whole. False: thinning has
// nothing left to give.
Result<bool> Shedder::thin_one(Lane lane, Place after) {
  LaneState& state = t_.registers.lane(lane);
  auto found = t_.rows.find_first_with_records(lane, std::max(after, state.thinned));
  if (!found) return found.error();
  if (!*found) return false;
  Row row = std::move(**found);
  const bool newest =
      row.epoch == t_.registers.current() && state.last_seq - row.segment.to < state.depth / 4;
  if (newest) return false;
  if (auto loaded = t_.rows.load_bytes(row); !loaded) return loaded.error();
  state.thinned = row.end();
  const Row before = row;
  Result<bool> changed = false;
  if (row.sound) {
    changed = thin_segment(row.segment, GapReason::kDownsample,
                           [](uint64_t seq) { return seq % kThinKeepOneOf != 0; });
  }
  if (!row.sound || !changed) {
    auto gap = t_.mended(before);
    if (!gap) return gap.error();
    state.thinned = gap->end();
    t_.registers.note_gap(lane, gap->end(), gap->segment.reason, gap->count(), before.size);
    if (auto replaced = t_.replace(before, *gap); !replaced) return replaced.error();
    return true;
  }
  if (!*changed) return true;  // nothing gained here; the next one may
  if (row.segment.kind == SegmentKind::kGap) {
    if (auto made = t_.make_gap(before, GapReason::kDownsample); !made) return made.error();
    return true;
  }
  row.size = row.segment.bytes.size();
  t_.registers.note_gap(lane, row.end(), GapReason::kDownsample,
                        row.segment.gap_count - before.segment.gap_count,
                        row.segment.gap_bytes - before.segment.gap_bytes);
  if (auto replaced = t_.replace(before, row); !replaced) return replaced.error();
  return true;
}

}  // namespace farmhand
