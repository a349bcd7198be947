// SPDX-License-Identifier: Apache-2.0
// A queue file in a temporary directory, and a coordinator that checks what it is given: every
// number exactly once, in order, chains unbroken.
#pragma once

#include <doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outbox/queue_file.hh"
#include "temporary_directory.hh"

namespace farmhand {

class MemoryEpochStore final : public EpochStore {
 public:
  Result<std::optional<Epoch>> load() override { return epoch; }
  Result<void> save(const Epoch& e) override {
    epoch = e;
    return {};
  }
  std::optional<Epoch> epoch;
};

inline std::string text_of(const Epoch& epoch) {
  return std::to_string(epoch.counter);
}

inline OutboxEncoders plain_encoders() {
  return {[](const std::vector<Position>& old) {
            std::string text = "epoch start";
            for (const auto& p : old) text += " " + std::to_string(p.last_seq);
            return text;
          },
          [](Lane lane, int64_t, int64_t) { return "interruption " + std::string(name_of(lane)); }};
}

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

  void apply(const Segment& s) {
    auto& mark = watermarks[index_of(s.lane)];
    const bool next = mark && mark->epoch == s.epoch;
    if (next && s.to <= mark->seq) return;  // known, however old
    const uint64_t expected = next ? mark->seq + 1 : 1;
    CHECK(s.from == expected);
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

struct QueueFixture {
  TemporaryDirectory dir;
  MemoryEpochStore epochs;
  Budget budget = small_budget();
  std::string vfs;
  Stamp now{{1}, 1'000'000'000, 1'700'000'000'000'000'000, true};
  std::unique_ptr<QueueFile> queue;

  // 2.5 MiB in all, so that filling it is quick.
  static Budget small_budget() {
    Budget b;
    b.size_max = 5 << 19;
    b.file_bytes = 3 << 19;
    b.checkpoint_bytes = 256 << 10;
    b.wal_bytes_kept = 384 << 10;
    b.ballast_bytes = 64 << 10;
    b.evidence_bytes = 16 << 10;
    b.lane_bytes = {128 << 10, 128 << 10, 256 << 10, 256 << 10, 512 << 10};
    return b;
  }

  QueueFixture() { open(); }

  std::string path() const { return dir.file("queue.db"); }

  void open() {
    queue = std::make_unique<QueueFile>(
        QueueFile::Options{path(), budget, &epochs, plain_encoders(), vfs});
  }
  void close() {
    queue->close(true);
    queue.reset();
  }
  void reopen() {
    close();
    open();
  }
  // As a kill -9: nothing is noted, the connection just ends.
  void crash() {
    queue.reset();
    open();
  }

  Result<Committed> put(Lane lane, std::vector<std::string> records) {
    Group group;
    group.records[index_of(lane)] = std::move(records);
    now.boottime_ns += 1'000'000;
    now.realtime_ns += 1'000'000;
    return queue->commit(group, now);
  }
  void must_put(Lane lane, std::vector<std::string> records) {
    auto done = put(lane, std::move(records));
    REQUIRE_MESSAGE(done.ok(), done.error().message);
    REQUIRE(!done->refused[index_of(lane)]);
  }

  std::vector<Segment> read(Lane lane, size_t bytes = 1 << 20) {
    auto segments = queue->read_after(lane, std::nullopt, bytes, now);
    REQUIRE_MESSAGE(segments.ok(), segments.error().message);
    return std::move(*segments);
  }

  // Everything there is goes to the coordinator and is applied.
  void drain(FakeCoordinator& coordinator, Lane lane) {
    for (;;) {
      const auto segments = read(lane);
      if (segments.empty()) return;
      for (const auto& s : segments) coordinator.apply(s);
      auto standing = queue->applied(*coordinator.watermarks[index_of(lane)], now);
      REQUIRE(standing.ok());
      REQUIRE(*standing == Standing::kApplied);
    }
  }
  void drain(FakeCoordinator& coordinator) {
    for (const Lane lane : kLanes) drain(coordinator, lane);
  }
  Standing hello(FakeCoordinator& coordinator) {
    auto standing = queue->rewind(coordinator.watermarks, now);
    REQUIRE_MESSAGE(standing.ok(), standing.error().message);
    return *standing;
  }
};

inline std::string numbered(int i, size_t bytes = 32) {
  std::string record = "record " + std::to_string(i) + " ";
  record.resize(std::max(bytes, record.size()), '.');
  return record;
}

inline std::vector<std::string> numbered_range(int from, int to, size_t bytes = 32) {
  std::vector<std::string> all;
  for (int i = from; i <= to; ++i) all.push_back(numbered(i, bytes));
  return all;
}

}  // namespace farmhand
