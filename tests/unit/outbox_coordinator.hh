// SPDX-License-Identifier: Apache-2.0
// A coordinator that checks what it is given: every number exactly once, in order, chains unbroken.
#pragma once

#include <doctest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "outbox/segment.hh"

namespace farmhand {

// What a coordinator knows of one node.
class FakeCoordinator {
 public:
  struct Entry {
    Epoch epoch;
    uint64_t seq;
    std::string record;  // empty: a gap
    GapReason reason;
    bool operator==(const Entry&) const = default;
  };

  std::array<std::optional<Watermark>, kLaneCount> watermarks;
  std::array<std::vector<Entry>, kLaneCount> entries;
  int broken_chains = 0;  // a real one would refuse the segment
  int misplaced = 0;      // segments that do not begin where the lane's last ended

  void apply(const Segment& s) {
    auto& mark = watermarks[index_of(s.lane)];
    const bool next = mark && mark->epoch == s.epoch;
    if (next && s.to <= mark->seq) return;  // known, however old
    const uint64_t expected = next ? mark->seq + 1 : 1;
    CHECK(s.from == expected);
    misplaced += s.from != expected;
    const Chain before = next ? mark->chain : Chain{};
    if (s.kind == SegmentKind::kRecords && s.chain != next_chain(before, s.bytes)) ++broken_chains;
    auto& lane = entries[index_of(s.lane)];
    const auto walked =
        walk_segment(s, {[&](uint64_t seq, std::string_view record) {
                           lane.push_back({s.epoch, seq, std::string(record), GapReason::kNone});
                         },
                         [&](uint64_t from, uint64_t to, GapReason reason) {
                           for (uint64_t seq = from; seq <= to; ++seq)
                             lane.push_back({s.epoch, seq, "", reason});
                         }});
    CHECK(walked.ok());
    mark = s.end();
  }

  std::vector<std::string> records(Lane lane) const {
    std::vector<std::string> all;
    for (const auto& e : entries[index_of(lane)]) {
      if (!e.record.empty()) all.push_back(e.record);
    }
    return all;
  }
  size_t gaps(Lane lane, GapReason reason) const {
    size_t n = 0;
    for (const auto& e : entries[index_of(lane)]) n += e.record.empty() && e.reason == reason;
    return n;
  }
};

}  // namespace farmhand
