// SPDX-License-Identifier: Apache-2.0
// A queue file in a temporary directory.
#pragma once

#include <doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outbox/queue_file.hh"
#include "outbox_coordinator.hh"
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

struct QueueFixture {
  TemporaryDirectory dir;
  MemoryEpochStore epochs;
  ByteBudget budget = small_budget();
  std::string vfs;
  Stamp now{{1}, 1'000'000'000, 1'700'000'000'000'000'000, true};
  std::unique_ptr<QueueFile> queue;

  // 2.5 MiB in all, so that filling it is quick.
  static ByteBudget small_budget() {
    ByteBudget b;
    b.size_max = 5 << 19;
    b.file_bytes = 3 << 19;
    b.checkpoint_bytes = 256 << 10;
    b.wal_bytes_kept = 384 << 10;
    b.ballast_bytes = 64 << 10;
    b.evidence_bytes = 16 << 10;
    b.vacuum_bytes = 512 << 10;
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
