// SPDX-License-Identifier: Apache-2.0
// The life of an outbox in some two hundred transactions, to be disturbed: all lanes, group
// commits, watermarks, tails, thinning, gaps and merged gaps, poison, a twin and the new epoch
// after it, checkpoints, pages given back, an orderly end and a new start.
#pragma once

#include <functional>

#include "outbox_checker.hh"
#include "outbox_node.hh"

namespace farmhand {

class OutboxScript {
 public:
  explicit OutboxScript(const std::string& directory) : node(directory) {}
  // Another start of the same producer, in `directory`.
  OutboxScript(const OutboxScript& before, const std::string& directory)
      : node(directory),
        coordinator(before.coordinator),
        notes(before.notes),
        now(before.now),
        made_(before.made_) {}

  // Errors are normal while `disturbed` says so, and failures of the test otherwise.
  std::function<bool()> disturbed = [] { return false; };
  std::function<void()> after_step;

  Node node;
  FakeCoordinator coordinator;
  Notes notes;
  Stamp now{{1}, 1'000'000'000, 1'700'000'000'000'000'000, true};

  void run() {
    start();
    for (int round = 0; round < 5; ++round) {
      commit({2, 2, 2, 2, 2}, 300);
      commit({1, 0, 0, 0, 6}, 1500);
      send(Lane::kResults);
      send(Lane::kTelemetry);
    }
    poison(Lane::kHealth);
    for (int i = 0; i < 9; ++i) commit({0, 0, 0, 0, 4}, 2000);  // thins lane 4
    send(Lane::kTelemetry, 30'000);
    for (int i = 0; i < 14; ++i) commit({0, 0, 0, 0, 4}, 2000);  // and drops of what is thinned
    for (int i = 0; i < 6; ++i) commit({0, 0, 3, 3, 0}, 4000);   // gaps, and merged ones
    commit({1, 1, 3, 3, 0}, 50);
    idle();
    send(Lane::kTelemetry);
    commit({1, 1, 0, 0, 0}, 100);
    stop();
    start();
    commit({1, 0, 0, 0, 5}, 700);
    meet_twin();
    send_all();
    now.boottime_ns += 25 * 3600 * 1'000'000'000ull;  // the tails are old
    commit({1, 1, 1, 1, 1}, 50);
    for (int i = 0; i < 12; ++i) idle();
    commit({1, 1, 1, 1, 1}, 50);
    send_all();
    commit({1, 0, 0, 0, 1}, 50);
    stop();
    start();
    send_all();
    stop();
  }

  // A small file with something of everything, not all of it applied.
  void run_short() {
    start();
    commit({2, 2, 2, 2, 4}, 40);
    send_all();
    commit({2, 2, 2, 2, 4}, 200);
    meet_twin();
    commit({2, 1, 1, 1, 1}, 100);
    send(Lane::kLogs);
    commit({1, 2, 2, 1, 1}, 300);
    commit({1, 1, 1, 1, 1}, 900);
  }

  // Everything goes to the coordinator, whatever it takes. False: it does not come to an end.
  bool send_all() {
    if (!hello()) return false;
    for (const Lane lane : kLanes) {
      for (int n = 0; send(lane); ++n) {
        if (n > 1000) return false;
      }
    }
    return true;
  }

  void commit(std::array<int, kLaneCount> counts, size_t bytes) {
    tick();
    Group group;
    std::vector<std::pair<Lane, int>> handed_in;
    for (const Lane lane : kLanes) {
      for (int i = 0; i < counts[index_of(lane)]; ++i) {
        handed_in.emplace_back(lane, ++made_);
        notes.doubtful.insert(made_);
        group.records[index_of(lane)].push_back(text_of_record(made_, bytes));
      }
    }
    auto done = node.queue->commit(group, now);
    expect(done, "commit");
    if (done) note_accepted(*done, handed_in);
    if (node.queue->wal_is_long()) expect(node.queue->maintain(now), "maintain");
    step();
  }

  // One batch, applied. True: there was something.
  bool send(Lane lane, size_t bytes = 20'000) {
    tick();
    auto segments = node.queue->read_after(lane, std::nullopt, bytes, now);
    expect(segments, "read");
    bool sent = segments.ok() && !segments->empty();
    if (sent) {
      for (const auto& s : *segments) coordinator.apply(s);
      expect(node.queue->applied(*coordinator.watermarks[index_of(lane)], now), "applied");
    }
    step();
    return sent;
  }

  bool hello() {
    for (int i = 0; i < 5; ++i) {
      auto standing = node.queue->rewind(coordinator.watermarks, now);
      expect(standing, "hello");
      step();
      if (standing && *standing != Standing::kNewEpoch) return true;
    }
    return false;
  }

 private:
  template <typename T>
  void expect(const Result<T>& result, const char* what) {
    if (!result.ok() && !disturbed()) FAIL_CHECK(what << ": " << result.error().message);
  }
  void step() {
    if (after_step) after_step();
  }
  void tick() {
    now.boottime_ns += 1'000'000;
    now.realtime_ns += 1'000'000;
  }

  void start() {
    for (int tries = 0; tries < 20; ++tries) {
      auto opened = node.open(now);
      expect(opened, "start");
      step();
      if (node.queue == nullptr) continue;  // without its state an agent does not start
      hello();
      return;
    }
    FAIL_CHECK("it does not start");
  }
  void stop() {
    node.close(true);
    step();
  }
  void idle() {
    expect(node.queue->maintain(now), "maintain");
    now.boottime_ns += 11'000'000'000;
    step();
  }

  void note_accepted(const Committed& done, const std::vector<std::pair<Lane, int>>& handed_in) {
    std::array<uint64_t, kLaneCount> seq = done.first_seq;
    for (const auto& [lane, number] : handed_in) {
      notes.doubtful.erase(number);
      if (done.refused[index_of(lane)]) continue;
      notes.accepted.push_back({lane, number, node.queue->stats().epoch, seq[index_of(lane)]++});
    }
  }

  void poison(Lane lane) {
    for (int times = 0; times < kNacksToPoison; ++times) {
      auto segments = node.queue->read_after(lane, std::nullopt, 1, now);
      expect(segments, "read");
      if (!segments || segments->empty()) return step();
      const Segment& s = segments->front();
      (void)walk_segment(
          s, {[&](uint64_t seq, std::string_view record) {
                if (seq != s.to) return;
                notes.refused_by_coordinator.insert(number_of_record(std::string(record)));
              },
              nullptr});
      expect(node.queue->nack(lane, s.to, "undecodable", now), "nack");
      step();
    }
  }

  // The coordinator has applied what a copy of this disk sent after a watermark of ours.
  void meet_twin() {
    for (const Lane lane : {Lane::kResults, Lane::kTelemetry}) {
      const auto mark = coordinator.watermarks[index_of(lane)];
      if (!mark || mark->epoch != node.queue->stats().epoch) continue;
      Segment theirs;
      theirs.epoch = mark->epoch;
      theirs.lane = lane;
      theirs.from = theirs.to = mark->seq + 1;
      append_record(theirs.bytes, "of a twin");
      theirs.chain = next_chain(mark->chain, theirs.bytes);
      coordinator.apply(theirs);
    }
    hello();
  }

  int made_ = 0;
};

}  // namespace farmhand
