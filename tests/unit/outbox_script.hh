// SPDX-License-Identifier: Apache-2.0
// The life of an outbox in some two hundred transactions, to be disturbed: all lanes, group
// commits, watermarks, tails, thinning, gaps and merged gaps, poison, a twin and the new epoch
// after it, checkpoints, pages given back, an orderly end and a new start.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

#include "outbox/queue_file.hh"
#include "outbox_checker.hh"
#include "outbox_fixture.hh"
#include "store/state.hh"

namespace farmhand {

// state.db and queue.db of one directory, as the agent has them.
struct Node {
  explicit Node(std::string directory) : dir(std::move(directory)) {}

  // Small, so that quotas are reached in a few commits.
  static Budget budget() {
    Budget b;
    b.file_bytes = 512 << 10;
    b.checkpoint_bytes = 48 << 10;
    b.wal_bytes_kept = 72 << 10;
    b.ballast_bytes = 16 << 10;
    b.evidence_bytes = 8 << 10;
    b.vacuum_bytes = 96 << 10;
    b.lane_bytes = {64 << 10, 48 << 10, 32 << 10, 40 << 10, 80 << 10};
    b.size_max = b.file_bytes + 4 * b.checkpoint_bytes + b.ballast_bytes + b.evidence_bytes;
    return b;
  }

  Result<void> open(const Stamp& now) {
    if (!state) {
      auto opened = StateFile::open(dir + "/state.db");
      if (!opened) return opened.error();
      state = std::make_unique<StateFile>(std::move(*opened));
      epochs = std::make_unique<StateEpochStore>(*state);
    }
    if (!queue) {
      queue = std::make_unique<QueueFile>(
          QueueFile::Options{dir + "/queue.db", budget(), epochs.get(), plain_encoders(), ""});
    }
    return queue->ensure_open(now);
  }
  void close(bool clean) {
    if (queue) queue->close(clean);
    queue.reset();
    epochs.reset();
    state.reset();
  }

  std::string dir;
  std::unique_ptr<StateFile> state;
  std::unique_ptr<StateEpochStore> epochs;
  std::unique_ptr<QueueFile> queue;
};

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

// What is found in `directory` after a disturbance that is over: it opens at once, takes records,
// and everything is with the coordinator in the end. The sentences say what is not as it should be.
struct Recovery {
  std::vector<std::string> complaints;
  double open_ms = 0;
  bool set_aside = false, new_epoch = false, lost = false;
  int first_absent = 0;
};

// `damage`: what is found is not what was written, so records may be gone if gaps say so.
inline Recovery recover(const std::string& directory, const OutboxScript& before,
                        bool damage = false) {
  Recovery out;
  OutboxScript script(before, directory);
  const auto begin = std::chrono::steady_clock::now();
  const auto opened = script.node.open(script.now);
  const Epoch before_epoch =
      before.notes.accepted.empty() ? Epoch{} : before.notes.accepted.back().epoch;
  out.open_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  if (!opened) {
    out.complaints.push_back("it does not open: " + opened.error().message);
    return out;
  }
  // Damage may first be found by a commit, whose caller hears of it.
  int found = 0;
  script.disturbed = [&] { return damage && found < 3; };
  script.after_step = [&] { ++found; };
  script.commit({1, 1, 1, 1, 1}, 60);
  if (damage) script.commit({1, 1, 1, 1, 1}, 60);
  found = 3;
  script.commit({1, 1, 1, 1, 1}, 60);
  if (!script.send_all()) out.complaints.push_back("it does not come to an end");
  Checker checker(script.notes, script.coordinator);
  checker.damage = damage;
  auto more = checker.complaints();
  out.lost = checker.lost();
  out.first_absent = checker.first_absent();
  out.new_epoch = script.node.queue->stats().epoch != before_epoch;
  out.complaints.insert(out.complaints.end(), more.begin(), more.end());
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    out.set_aside = out.set_aside || name.starts_with("queue.bad") || name.starts_with("queue.new");
  }
  if (out.set_aside && !damage) out.complaints.push_back("a sound file was set aside");
  script.node.close(true);
  return out;
}

}  // namespace farmhand
