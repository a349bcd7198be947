// SPDX-License-Identifier: Apache-2.0
#include "outbox/watermarks.hh"

#include <algorithm>

namespace farmhand {

namespace {

WatermarkStanding not_ours(Place place) {
  return {false, place, {}, std::nullopt};
}

// Zeros stand for a chain that is not known any more.
bool chains_agree(const Chain& ours, const Chain& theirs) {
  return ours == theirs || ours == Chain{};
}

}  // namespace

Result<WatermarkStanding> Watermarks::judge(Lane lane, const std::optional<Watermark>& theirs) {
  if (!theirs) return WatermarkStanding{};
  if (const auto epoch = t_.registers.find_id(theirs->epoch)) {
    return judge_known(lane, *epoch, *theirs);
  }
  // An epoch of another life, or one that we do not know any more: older than all that we know, it
  // can only be re-sent from our beginning.
  uint32_t epoch = 0;
  for (const auto& known : t_.registers.epochs()) {
    if (known.epoch.counter <= theirs->epoch.counter) epoch = known.id;
  }
  return epoch == 0 ? WatermarkStanding{} : judge_rival(lane, epoch);
}

// The coordinator has gone beyond `epoch`, or has another one of its number: it takes no more of
// it. Once we have left that epoch, too, and nothing of it waits, there is nothing to disagree
// about.
Result<WatermarkStanding> Watermarks::judge_rival(Lane lane, uint32_t epoch) {
  if (epoch == t_.registers.current()) return not_ours(kLaneEnd);
  auto settled = nothing_left_of(lane, epoch);
  if (!settled) return settled.error();
  if (!*settled) return not_ours(kLaneEnd);
  auto end = t_.registers.find_end(epoch, lane);
  if (!end) return end.error();
  if (!*end) return WatermarkStanding{};
  return WatermarkStanding{true, {epoch, (*end)->seq}, (*end)->chain, std::nullopt};
}

// Whatever the other life did at the end of a finished epoch, it concerns no row of ours: they are
// applied, or have moved on already.
Result<bool> Watermarks::nothing_left_of(Lane lane, uint32_t epoch) {
  auto first = t_.rows.find_first(lane, t_.registers.lane(lane).applied);
  if (!first) return first.error();
  return !*first || (*first)->epoch > epoch;
}

Result<WatermarkStanding> Watermarks::judge_known(Lane lane, uint32_t epoch,
                                                  const Watermark& theirs) {
  const LaneState& state = t_.registers.lane(lane);
  WatermarkStanding found{true, {epoch, theirs.seq}, theirs.chain, std::nullopt};
  if (theirs.seq == 0) return found;
  auto end = t_.registers.find_end(epoch, lane);
  if (!end) return end.error();
  if (!*end) return not_ours(found.place);
  if (epoch != t_.registers.current() && theirs.seq >= (*end)->seq) {
    auto settled = nothing_left_of(lane, epoch);
    if (!settled) return settled.error();
    if (*settled) return WatermarkStanding{true, {epoch, (*end)->seq}, (*end)->chain, std::nullopt};
  }
  if (theirs.seq > (*end)->seq) return not_ours(found.place);
  if (found.place == state.applied) {
    found.ours = chains_agree(state.applied_chain, theirs.chain);
    return found;
  }
  if (found.place <= state.floor) {
    if (found.place == state.floor) found.ours = chains_agree(state.floor_chain, theirs.chain);
    return found;  // below the floor there is nothing left to compare with
  }
  auto row = t_.rows.find_head_at(lane, found.place);
  if (!row) return row.error();
  if (!*row || (*row)->end() < found.place) return not_ours(found.place);
  if ((*row)->end() == found.place) {
    found.ours = chains_agree((*row)->segment.chain, theirs.chain);
  } else if ((*row)->segment.kind == SegmentKind::kRecords) {
    found.ours = false;  // a watermark falls on the end of a segment
  } else {
    found.cut = std::move(**row);  // merged after it was sent
  }
  return found;
}

bool Watermarks::writes(Lane lane, const WatermarkStanding& finding) {
  return finding.cut || finding.place < t_.registers.lane(lane).floor;
}

Result<void> Watermarks::apply(Lane lane, const WatermarkStanding& finding) {
  LaneState& state = t_.registers.lane(lane);
  if (finding.cut) {
    if (auto done = cut(finding); !done) return done;
  }
  const Place before = state.applied;
  const bool forward = finding.place > before;
  if (auto done =
          account(lane, std::min(before, finding.place), std::max(before, finding.place), forward);
      !done) {
    return done;
  }
  state.applied = finding.place;
  state.applied_chain = finding.chain;
  if (finding.place < state.floor) {
    const Place floor = state.floor;
    const Chain chain = state.floor_chain;
    state.floor = finding.place;
    state.floor_chain = finding.chain;
    return put_expired(lane, finding.place, floor, chain);
  }
  return {};
}

// The front half ends where the watermark stands, and has its chain.
Result<void> Watermarks::cut(const WatermarkStanding& finding) {
  Row row = *finding.cut;
  if (auto loaded = t_.rows.load_bytes(row); !loaded) return loaded;
  if (!row.sound) {
    auto gap = t_.mended(row);
    if (!gap) return gap.error();
    row = std::move(*gap);
  }
  auto front = split_segment(row.segment, finding.place.seq);
  if (!front) return front.error();
  Row head = row;
  head.segment = std::move(*front);
  head.segment.chain = finding.chain;
  row.before = finding.chain;
  if (auto gone = t_.remove(*finding.cut); !gone) return gone;
  if (auto put = t_.add(head); !put) return put;
  return t_.add(row);
}

// Rows between two places change sides: from not applied to tail, or back.
Result<void> Watermarks::account(Lane lane, Place low, Place high, bool forward) {
  LaneState& state = t_.registers.lane(lane);
  return t_.rows.heads(lane, low, [&](Row& row) {
    if (row.end() > high) return false;
    const uint64_t cost = disk_cost(row.size);
    if (forward) {
      state.tail_bytes += cost;
      state.depth -= std::min(state.depth, row.count());
    } else {
      state.tail_bytes -= std::min(state.tail_bytes, cost);
      state.depth += row.count();
    }
    return true;
  });
}

// One gap for each epoch between two places: the coordinator asks for what it had and we do not
// have any more.
Result<void> Watermarks::put_expired(Lane lane, Place from, Place upto, const Chain& chain) {
  for (const auto& known : t_.registers.epochs()) {
    if (known.id < from.epoch || known.id > upto.epoch) continue;
    auto end = t_.registers.find_end(known.id, lane);
    if (!end) return end.error();
    Row gap;
    gap.epoch = known.id;
    gap.boot = t_.boot;
    if (known.id == from.epoch) gap.before = t_.registers.lane(lane).floor_chain;
    Segment& s = gap.segment;
    s.lane = lane;
    s.kind = SegmentKind::kGap;
    s.reason = GapReason::kTailExpired;
    s.from = known.id == from.epoch ? from.seq + 1 : 1;
    s.to = known.id == upto.epoch ? upto.seq : *end ? (*end)->seq : 0;
    s.chain = known.id == upto.epoch ? chain : *end ? (*end)->chain : Chain{};
    if (s.from > s.to) continue;
    s.gap_count = gap.count();
    t_.registers.note_gap(lane, gap.end(), s.reason, gap.count(), 0);
    if (auto put = t_.add(gap); !put) return put;
  }
  return {};
}

}  // namespace farmhand
