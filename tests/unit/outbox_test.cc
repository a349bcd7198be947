// SPDX-License-Identifier: Apache-2.0
// The outbox's promises, as far as its file keeps them without a loop.
#include <sys/stat.h>

#include <filesystem>

#include "base/bytes.hh"
#include "base/file.hh"
#include "outbox_fixture.hh"
#include "store/state.hh"

using namespace farmhand;

namespace {

constexpr Lane kLane = Lane::kLogs;

uint64_t bytes_on_disk(const std::string& directory) {
  uint64_t all = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) all += entry.file_size();
  return all;
}

Segment segment_of(std::vector<std::string> records, uint64_t from = 1) {
  Segment s;
  s.from = from;
  s.to = from + records.size() - 1;
  for (const auto& record : records) append_record(s.bytes, record);
  return s;
}

std::string text_of(const Segment& s) {
  std::string text;
  const auto walked = walk_segment(s, {[&](uint64_t seq, std::string_view record) {
                                         text +=
                                             std::to_string(seq) + "=" + std::string(record) + " ";
                                       },
                                       [&](uint64_t from, uint64_t to, GapReason reason) {
                                         text += std::to_string(from) + "-" + std::to_string(to) +
                                                 "!" + std::string(name_of(reason)) + " ";
                                       }});
  return walked.ok() ? text : "corrupt";
}

}  // namespace

TEST_CASE("a segment says its records and gaps, whole, thinned and cut") {
  Segment s = segment_of({"a", "b", "c", "d", "e"});
  CHECK(text_of(s) == "1=a 2=b 3=c 4=d 5=e ");
  REQUIRE(*thin_segment(s, GapReason::kDownsample, [](uint64_t seq) { return seq != 3; }));
  CHECK(s.kind == SegmentKind::kMixed);
  CHECK(text_of(s) == "1-2!downsample 3=c 4-5!downsample ");
  CHECK(s.gap_count == 4);
  const auto front = split_segment(s, 4);
  REQUIRE(front.ok());
  CHECK(text_of(*front) == "1-2!downsample 3=c 4-4!downsample ");
  CHECK(text_of(s) == "5-5!downsample ");
  CHECK(s.kind == SegmentKind::kGap);
  CHECK(front->gap_count + s.gap_count == 4);
}

TEST_CASE("a segment whose bytes do not say its range is corrupt") {
  Segment s = segment_of({"a", "b", "c"});
  for (size_t cut = 0; cut < s.bytes.size(); ++cut) {
    Segment torn = s;
    torn.bytes.resize(cut);
    CHECK(text_of(torn) == "corrupt");
  }
  s.bytes += "x";
  CHECK(text_of(s) == "corrupt");
}

TEST_CASE("what was committed is read back, in order, with an unbroken chain") {
  QueueFixture f;
  f.must_put(kLane, numbered_range(1, 3));
  f.must_put(kLane, numbered_range(4, 700, 256));
  f.reopen();
  FakeCoordinator coordinator;
  f.drain(coordinator, kLane);
  CHECK(coordinator.records(kLane) == [] {
    auto all = numbered_range(1, 3);
    for (auto& r : numbered_range(4, 700, 256)) all.push_back(r);
    return all;
  }());
  CHECK(coordinator.broken_chains == 0);
  CHECK(f.queue->stats().lanes[index_of(kLane)].depth == 0);
}

TEST_CASE("segments are packed to 64 KiB, and a larger record is alone in its own") {
  QueueFixture f;
  auto records = numbered_range(1, 600, 256);
  records.push_back(std::string(100'000, 'x'));
  records.push_back("small");
  f.must_put(kLane, records);
  const auto segments = f.read(kLane, 16 << 20);
  for (const auto& s : segments) CHECK((s.bytes.size() <= kSegmentBytes || s.from == s.to));
  CHECK(segments.size() == 5);
}

TEST_CASE("nothing accepted is lost by a crash") {
  QueueFixture f;
  f.must_put(kLane, numbered_range(1, 10));
  f.crash();
  f.must_put(kLane, numbered_range(11, 20));
  f.crash();
  FakeCoordinator coordinator;
  f.drain(coordinator, kLane);
  CHECK(coordinator.records(kLane) == numbered_range(1, 20));
}

TEST_CASE("an epoch's first record says where the lanes of the one before ended") {
  QueueFixture f;
  f.must_put(kLane, numbered_range(1, 7));
  f.close();
  f.epochs.epoch = Epoch{9, {7}};  // another life went on elsewhere
  f.open();
  f.must_put(kLane, numbered_range(8, 9));
  CHECK(f.epochs.epoch->counter == 10);
  FakeCoordinator coordinator;
  f.drain(coordinator);
  const auto results = coordinator.entries[0];
  REQUIRE(results.size() == 2);
  CHECK(results[1].epoch.counter == 10);
  CHECK(results[1].record == "epoch start 1 0 0 7 0");
  CHECK(coordinator.records(kLane) == numbered_range(1, 9));  // older epoch first
  CHECK(coordinator.entries[index_of(kLane)].back().seq == 2);
}

TEST_CASE("what a crash may have cost of lane 4 is reported as an interruption") {
  QueueFixture f;
  f.must_put(Lane::kTelemetry, {"t1"});
  f.reopen();
  f.must_put(Lane::kTelemetry, {"t2"});
  f.crash();
  f.must_put(Lane::kTelemetry, {"t3"});
  FakeCoordinator coordinator;
  f.drain(coordinator, Lane::kTelemetry);
  CHECK(coordinator.records(Lane::kTelemetry) ==
        std::vector<std::string>{"t1", "t2", "interruption telemetry", "t3"});
}

TEST_CASE("rows are deleted only when they are applied and the tail is full; the last one stays") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, numbered_range(1, 400, 256));
  f.must_put(kLane, numbered_range(401, 800, 256));
  const uint64_t before = f.queue->stats().lanes[index_of(kLane)].bytes;
  f.drain(coordinator, kLane);
  f.must_put(kLane, {"next"});
  const auto& lane = f.queue->stats().lanes[index_of(kLane)];
  CHECK(lane.bytes < before);
  CHECK(lane.tail_bytes <= f.budget.tail_bytes(kLane) + 2 * kSegmentBytes);
  CHECK(lane.tail_bytes > 0);
}

TEST_CASE("a tail of another day goes at the next check, but for the last applied row") {
  QueueFixture f;
  FakeCoordinator coordinator;
  for (int i = 1; i <= 5; ++i) f.must_put(kLane, {numbered(i)});
  f.drain(coordinator, kLane);
  f.now.boottime_ns += kTailNs + 1;
  f.must_put(kLane, {numbered(6)});
  CHECK(f.queue->stats().lanes[index_of(kLane)].tail_bytes == disk_cost(numbered(5).size() + 1));
}

TEST_CASE("a coordinator restored from a backup gets what it lost again") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, numbered_range(1, 10));
  f.drain(coordinator, kLane);
  const FakeCoordinator backup = coordinator;
  f.must_put(kLane, numbered_range(11, 20));
  f.must_put(kLane, numbered_range(21, 30));
  f.drain(coordinator, kLane);
  coordinator = backup;
  CHECK(f.hello(coordinator) == Standing::kRewound);
  CHECK(f.queue->stats().lanes[index_of(kLane)].depth == 20);
  f.drain(coordinator, kLane);
  CHECK(coordinator.records(kLane) == numbered_range(1, 30));
  CHECK(coordinator.broken_chains == 0);
}

TEST_CASE("a rewind past the tail yields a gap, and the chain goes on behind it") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, numbered_range(1, 10));
  f.drain(coordinator, kLane);
  const FakeCoordinator backup = coordinator;
  for (int i = 0; i < 20; ++i) f.must_put(kLane, numbered_range(i * 100 + 11, i * 100 + 110, 256));
  f.drain(coordinator, kLane);
  f.must_put(kLane, {"one more"});
  coordinator = backup;
  CHECK(f.hello(coordinator) == Standing::kRewound);
  f.drain(coordinator, kLane);
  CHECK(coordinator.gaps(kLane, GapReason::kTailExpired) > 0);
  CHECK(coordinator.entries[index_of(kLane)].size() == 2011);
  CHECK(coordinator.broken_chains == 0);
  // The same again, by one that has nothing at all.
  FakeCoordinator empty;
  CHECK(f.hello(empty) == Standing::kRewound);
  f.drain(empty, kLane);
  CHECK(empty.entries[index_of(kLane)].size() == 2011);
}

TEST_CASE("a lost acknowledgement is made good at hello") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, numbered_range(1, 10));
  for (const auto& s : f.read(kLane)) coordinator.apply(s);
  CHECK(f.hello(coordinator) == Standing::kApplied);
  CHECK(f.read(kLane).empty());
}

TEST_CASE("an old acknowledgement changes nothing") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, {"a"});
  f.drain(coordinator, kLane);
  const Watermark old = *coordinator.watermarks[index_of(kLane)];
  f.must_put(kLane, {"b"});
  f.drain(coordinator, kLane);
  CHECK(*f.queue->applied(old, f.now) == Standing::kApplied);
  CHECK(f.read(kLane).empty());
}

TEST_CASE("a disk that went back is found by a watermark beyond its end") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, numbered_range(1, 5));
  f.drain(coordinator, kLane);
  f.close();
  const std::string copy = f.dir.file("copy.db");
  std::filesystem::copy_file(f.path(), copy);
  const auto epoch = f.epochs.epoch;
  f.open();
  f.must_put(kLane, numbered_range(6, 9));
  f.drain(coordinator, kLane);
  f.close();
  std::filesystem::copy_file(copy, f.path(), std::filesystem::copy_options::overwrite_existing);
  f.epochs.epoch = epoch;
  f.open();
  f.must_put(kLane, {"after the rollback"});
  CHECK(f.hello(coordinator) == Standing::kNewEpoch);
  CHECK(f.hello(coordinator) == Standing::kApplied);
  f.drain(coordinator);
  CHECK(coordinator.records(kLane).back() == "after the rollback");
  CHECK(coordinator.entries[index_of(kLane)].back().seq == 1);
  CHECK(coordinator.entries[index_of(kLane)].back().epoch == *f.epochs.epoch);
  CHECK(coordinator.broken_chains == 0);
}

TEST_CASE("a disk that went back and grew past its old end is found by the chain") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, numbered_range(1, 5));
  f.drain(coordinator, kLane);
  f.close();
  const std::string copy = f.dir.file("copy.db");
  std::filesystem::copy_file(f.path(), copy);
  f.open();
  f.must_put(kLane, {"first life"});
  f.drain(coordinator, kLane);
  f.close();
  std::filesystem::copy_file(copy, f.path(), std::filesystem::copy_options::overwrite_existing);
  f.open();
  for (int i = 0; i < 10; ++i) f.must_put(kLane, {"second life " + std::to_string(i)});
  CHECK(f.hello(coordinator) == Standing::kNewEpoch);
  f.drain(coordinator);
  CHECK(coordinator.records(kLane).size() == 16);  // 5, the first life's, the second's ten
}

TEST_CASE("an epoch newer than any of ours makes ours newer still") {
  QueueFixture f;
  f.must_put(kLane, {"a"});
  FakeCoordinator coordinator;
  coordinator.watermarks[index_of(kLane)] = Watermark{{40, {1}}, kLane, 3, {9}};
  CHECK(f.hello(coordinator) == Standing::kNewEpoch);
  CHECK(f.epochs.epoch->counter == 41);
  f.drain(coordinator);
  CHECK(coordinator.records(kLane) == std::vector<std::string>{"a"});
}

TEST_CASE("lanes 3 and 2 drop their oldest; gaps replace them, merge, and cover every number") {
  for (const Lane lane : {Lane::kLogs, Lane::kInventory}) {
    QueueFixture f;
    int last = 0;
    for (; last < 6000; last += 50) f.must_put(lane, numbered_range(last + 1, last + 50, 300));
    const auto& stats = f.queue->stats().lanes[index_of(lane)];
    CHECK(stats.bytes <= stats.quota_bytes);
    CHECK(stats.gap_records > 0);
    const auto segments = f.read(lane, 64 << 10);
    CHECK(segments[0].kind == SegmentKind::kGap);
    CHECK(segments[1].kind == SegmentKind::kRecords);  // one gap stands for all that went
    CHECK(segments[0].gap_count == stats.gap_records);
    FakeCoordinator coordinator;
    f.drain(coordinator, lane);
    CHECK(coordinator.entries[index_of(lane)].size() == 6000);
    CHECK(coordinator.gaps(lane, GapReason::kQuota) == stats.gap_records);
    CHECK(coordinator.records(lane).back() == numbered(6000, 300));
    CHECK(coordinator.broken_chains == 0);
  }
}

TEST_CASE("lane 4 thins out before it drops") {
  QueueFixture f;
  const Lane lane = Lane::kTelemetry;
  int last = 0;
  for (; last < 2500; last += 50) f.must_put(lane, numbered_range(last + 1, last + 50, 300));
  FakeCoordinator thinned;
  for (const auto& s : f.read(lane, 64 << 20)) thinned.apply(s);
  CHECK(thinned.gaps(lane, GapReason::kDownsample) > 0);
  CHECK(thinned.gaps(lane, GapReason::kQuota) == 0);
  f.queue->release(lane);
  for (; last < 12'000; last += 50) f.must_put(lane, numbered_range(last + 1, last + 50, 300));
  FakeCoordinator coordinator;
  f.drain(coordinator, lane);
  CHECK(coordinator.entries[index_of(lane)].size() == 12'000);
  CHECK(coordinator.gaps(lane, GapReason::kQuota) > 0);
  CHECK(coordinator.records(lane).back() == numbered(12'000, 300));
  CHECK(coordinator.broken_chains == 0);
}

TEST_CASE("lane 4 thins across segments of one record") {
  QueueFixture f;
  const Lane lane = Lane::kTelemetry;
  for (int i = 1; i <= 300; ++i) f.must_put(lane, {numbered(i, 3000)});
  FakeCoordinator coordinator;
  f.drain(coordinator, lane);
  CHECK(coordinator.entries[index_of(lane)].size() == 300);
  CHECK(coordinator.gaps(lane, GapReason::kDownsample) > 0);
  CHECK(coordinator.records(lane).back() == numbered(300, 3000));
}

TEST_CASE("lanes 0 and 1 never drop: they are refused when full, and nobody takes their share") {
  QueueFixture f;
  for (int i = 0; i < 10; ++i) f.must_put(Lane::kTelemetry, numbered_range(1, 200, 300));
  for (int i = 0; i < 8; ++i) f.must_put(Lane::kLogs, numbered_range(1, 200, 300));
  for (const Lane lane : {Lane::kResults, Lane::kHealth}) {
    int accepted = 0;
    for (;; ++accepted) {
      auto done = f.put(lane, {numbered(accepted, 1000)});
      REQUIRE(done.ok());
      if (done->refused[index_of(lane)]) break;
    }
    CHECK(accepted > 80);
    FakeCoordinator coordinator;
    f.drain(coordinator, lane);
    const size_t own = lane == Lane::kResults ? 1 : 0;  // the epoch start
    CHECK(coordinator.records(lane).size() == static_cast<size_t>(accepted) + own);
    CHECK(!f.put(lane, {"again"})->refused[index_of(lane)]);  // there is room again
  }
}

TEST_CASE("the bytes on disk stay within the bound, whatever is put in") {
  QueueFixture f;
  for (int round = 0; round < 80; ++round) {
    for (const Lane lane : kLanes) {
      REQUIRE(f.put(lane, numbered_range(round, round + 40, 100 + 37 * (round % 29))).ok());
    }
    if (f.queue->wal_is_long()) REQUIRE(f.queue->maintain(f.now).ok());
    CHECK(bytes_on_disk(f.dir.path()) <= f.budget.size_max);
  }
}

TEST_CASE("what is in flight is never altered") {
  QueueFixture f;
  f.must_put(kLane, numbered_range(1, 200, 300));
  const auto given = f.read(kLane);
  for (int i = 0; i < 60; ++i) f.must_put(kLane, numbered_range(1, 100, 300));
  const auto again = f.read(kLane, 1);
  CHECK(again[0].bytes == given[0].bytes);
  FakeCoordinator coordinator;
  for (const auto& s : given) coordinator.apply(s);
  CHECK(*f.queue->applied(given.back().end(), f.now) == Standing::kApplied);
  f.drain(coordinator, kLane);
  CHECK(coordinator.entries[index_of(kLane)].size() == 6200);
}

TEST_CASE("a watermark inside merged gaps is accepted") {
  QueueFixture f;
  f.must_put(kLane, numbered_range(1, 50, 300));
  FakeCoordinator coordinator;
  for (const auto& s : f.read(kLane)) coordinator.apply(s);  // applied, but we do not hear of it
  f.queue->release(kLane);
  for (int i = 0; i < 100; ++i) f.must_put(kLane, numbered_range(1, 50, 300));
  CHECK(f.hello(coordinator) == Standing::kApplied);
  f.drain(coordinator, kLane);
  CHECK(coordinator.entries[index_of(kLane)].size() == 5050);
}

TEST_CASE("the fifth nack turns the record into a gap, and keeps it as evidence") {
  QueueFixture f;
  f.must_put(kLane, {"good", "poison", "fine"});
  for (int i = 1; i <= kNacksToPoison; ++i) {
    CHECK(f.read(kLane).size() == 1);
    auto poisoned = f.queue->nack(kLane, 2, "cannot decode", f.now);
    REQUIRE(poisoned.ok());
    CHECK(*poisoned == (i == kNacksToPoison));
  }
  FakeCoordinator coordinator;
  f.drain(coordinator, kLane);
  CHECK(coordinator.records(kLane) == std::vector<std::string>{"good", "fine"});
  CHECK(coordinator.gaps(kLane, GapReason::kPoison) == 1);
  CHECK(*read_file(f.dir.file("queue.refused")) == "logs 2 6 cannot decode\npoison\n");
  CHECK(f.queue->nack(kLane, 2, "again", f.now).error().code == Errc::kNotFound);
}

TEST_CASE("what is in flight is of one epoch, so that a nack can mean one record only") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, {"old"});
  coordinator.watermarks[index_of(Lane::kHealth)] = Watermark{{9, {1}}, Lane::kHealth, 3, {9}};
  CHECK(f.hello(coordinator) == Standing::kNewEpoch);
  coordinator.watermarks[index_of(Lane::kHealth)].reset();
  f.must_put(kLane, {"new"});

  const auto first = f.read(kLane);
  REQUIRE(first.size() == 1);
  coordinator.apply(first[0]);
  REQUIRE(f.queue->applied(*coordinator.watermarks[index_of(kLane)], f.now).ok());
  for (int i = 1; i <= kNacksToPoison; ++i) {
    const auto second = f.read(kLane);
    REQUIRE(second.size() == 1);
    CHECK(second[0].from == 1);
    CHECK(second[0].epoch != first[0].epoch);
    CHECK(*f.queue->nack(kLane, 1, "cannot decode", f.now) == (i == kNacksToPoison));
  }
  f.drain(coordinator, kLane);
  CHECK(coordinator.records(kLane) == std::vector<std::string>{"old"});
  CHECK(coordinator.gaps(kLane, GapReason::kPoison) == 1);
}

TEST_CASE("the current epoch is kept in state.db") {
  TemporaryDirectory dir;
  const Epoch epoch{7, {1, 2, 3}};
  {
    auto state = StateFile::open(dir.file("state.db"));
    REQUIRE(state.ok());
    StateEpochStore store(*state);
    CHECK(!store.load()->has_value());
    REQUIRE(store.save(epoch).ok());
  }
  auto state = StateFile::open(dir.file("state.db"));
  REQUIRE(state.ok());
  CHECK(**StateEpochStore(*state).load() == epoch);
}

TEST_CASE("idle moments make the WAL long, and commits and checkpoints leave it so") {
  QueueFixture f;
  f.must_put(kLane, {numbered(0)});
  for (Result<bool> more = true; *more;) {
    more = f.queue->maintain(f.now);
    REQUIRE(more.ok());
    f.now.boottime_ns += 1'000'000'000;
  }
  const auto length = [&] { return std::filesystem::file_size(f.path() + "-wal"); };
  CHECK(length() == f.budget.wal_bytes_kept);
  for (int i = 0; i < 200; ++i) {
    f.must_put(kLane, {numbered(i)});
    if (f.queue->wal_is_long()) f.queue->make_way(f.now);
  }
  CHECK(length() == f.budget.wal_bytes_kept);
}

TEST_CASE("the shares of the lanes fit into the bound") {
  for (const uint64_t size_max : {uint64_t{0}, uint64_t{64} << 20, uint64_t{2} << 30}) {
    const ByteBudget b = budget_from(size_max);
    uint64_t lanes = 0;
    for (const uint64_t bytes : b.lane_bytes) lanes += bytes;
    CHECK(lanes < b.file_bytes);
    CHECK(b.file_bytes + b.ballast_bytes + b.evidence_bytes + b.checkpoint_bytes < b.size_max);
  }
}
