// SPDX-License-Identifier: Apache-2.0
// The loop's side of the outbox: producers, completions, backpressure, the uplink's questions. Each
// test ends by destroying its Loop.
#include <doctest.h>

#include "loop/loop.hh"
#include "loop/timer.hh"
#include "outbox/outbox.hh"
#include "outbox_fixture.hh"
#include "store/thread.hh"

using namespace farmhand;

namespace {

// An outbox with its loop and thread, in the order of birth.
struct LiveOutbox {
  TemporaryDirectory& dir;
  MemoryEpochStore& epochs;
  Loop loop;
  SystemClock clock;
  StoreThread store{loop};
  std::optional<Outbox> outbox;

  LiveOutbox(TemporaryDirectory& d, MemoryEpochStore& e, const std::string& name = "queue.db")
      : dir(d), epochs(e) {
    outbox.emplace(loop, clock, store,
                   Outbox::Options{dir.file(name), 64 << 20, &epochs, plain_encoders(), ""});
  }
  ~LiveOutbox() { outbox.reset(); }

  std::vector<std::string> records(Lane lane) {
    std::vector<std::string> all;
    outbox->read_after(lane, std::nullopt, 16 << 20, [&](Result<std::vector<Segment>> segments) {
      CHECK(segments.ok());
      if (!segments) return;
      for (const auto& s : *segments) {
        CHECK(walk_segment(s, {[&](uint64_t, std::string_view r) { all.emplace_back(r); }, nullptr})
                  .ok());
      }
    });
    loop.run();
    return all;
  }
};

struct Bed {
  TemporaryDirectory dir;
  MemoryEpochStore epochs;
};

}  // namespace

TEST_CASE("every record is done with its own number, after the enqueue has returned") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  std::vector<uint64_t> seqs;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(live.outbox
                ->enqueue_durable(Lane::kLogs, numbered(i),
                                  [&](Result<uint64_t> seq) {
                                    CHECK(seq.ok());
                                    seqs.push_back(seq ? *seq : 0);
                                  })
                .ok());
  }
  CHECK(seqs.empty());
  live.loop.run();
  REQUIRE(seqs.size() == 1000);
  for (size_t i = 0; i < seqs.size(); ++i) CHECK(seqs[i] == i + 1);
  CHECK(live.records(Lane::kLogs) == numbered_range(0, 999));
  CHECK(live.outbox->stats().lanes[3].depth == 1000);
  CHECK(live.outbox->stats().writable);
}

TEST_CASE("records may be enqueued from a completion, and the outbox destroyed in one") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  int done = 0;
  std::function<void(Result<uint64_t>)> again = [&](Result<uint64_t>) {
    if (++done < 5) {
      CHECK(live.outbox->enqueue_durable(Lane::kHealth, numbered(done), again).ok());
    } else {
      live.outbox.reset();
    }
  };
  CHECK(live.outbox->enqueue_durable(Lane::kHealth, numbered(0), again).ok());
  live.loop.run();
  CHECK(done == 5);
}

TEST_CASE("an empty and an oversize record are refused with a sentence, the largest is taken") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  CHECK(live.outbox->enqueue_durable(Lane::kLogs, "").error().code == Errc::kInvalid);
  const auto large = live.outbox->enqueue_durable(Lane::kLogs, std::string((1 << 20) + 1, 'x'));
  CHECK(large.error().code == Errc::kInvalid);
  CHECK(large.error().message.find("1048577") != std::string::npos);
  CHECK(live.outbox->enqueue_durable(Lane::kLogs, std::string(1 << 20, 'x')).ok());
  live.loop.run();
  CHECK(live.records(Lane::kLogs).size() == 1);
}

TEST_CASE("a full hand-off is a return code, and there is room again after the commit") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  Result<void> last;
  int accepted = 0;
  while (last) {
    last = live.outbox->enqueue_durable(Lane::kLogs, std::string(100'000, 'x'));
    accepted += last.ok();
  }
  CHECK(last.error().code == Errc::kBackpressure);
  CHECK(accepted == kHandoffBytes / 100'000);
  live.loop.run();
  CHECK(live.outbox->stats().pending_bytes == 0);
  CHECK(live.outbox->enqueue_durable(Lane::kLogs, std::string(100'000, 'x')).ok());
  live.loop.run();
}

TEST_CASE("of records with one key only the last is stored; all are done with its number") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  std::vector<uint64_t> seqs;
  const auto done = [&](Result<uint64_t> seq) { seqs.push_back(seq ? *seq : 0); };
  CHECK(live.outbox->enqueue_durable(Lane::kInventory, "first").ok());  // keeps the thread busy
  CHECK(live.outbox->enqueue_coalesced(Lane::kInventory, "a", "a1", done).ok());
  CHECK(live.outbox->enqueue_coalesced(Lane::kInventory, "b", "b1", done).ok());
  CHECK(live.outbox->enqueue_coalesced(Lane::kInventory, "a", "a2, longer", done).ok());
  CHECK(!live.outbox->enqueue_coalesced(Lane::kLogs, "a", "x", done).ok());
  live.loop.run();
  CHECK(live.records(Lane::kInventory) == std::vector<std::string>{"first", "a2, longer", "b1"});
  CHECK(seqs == std::vector<uint64_t>{2, 2, 3});
}

TEST_CASE("relaxed records are collected, and written within the stated time") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  live.loop.run();
  const uint64_t start_ns = live.clock.boottime_ns();
  for (int i = 0; i < 10; ++i) CHECK(live.outbox->enqueue_relaxed(numbered(i)).ok());
  CHECK(live.outbox->stats().pending_bytes > 0);
  live.loop.run();  // until the timer has fired and the commit is done
  CHECK(live.clock.boottime_ns() - start_ns < kRelaxedRiskMs * 1'000'000);
  CHECK(live.records(Lane::kTelemetry) == numbered_range(0, 9));
}

TEST_CASE("no more than the stated bytes are ever at risk") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  Result<void> last;
  size_t accepted = 0;
  while (last) {
    last = live.outbox->enqueue_relaxed(std::string(10'000, 'x'));
    if (last) accepted += 10'000;
  }
  CHECK(last.error().code == Errc::kBackpressure);
  CHECK(accepted <= kRelaxedRiskBytes);
  CHECK(accepted > kRelaxedRiskBytes / 2);
  live.loop.run();
  CHECK(live.outbox->enqueue_relaxed("room again").ok());
  live.loop.run();
}

TEST_CASE("a flush is done when everything before it is on disk") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  int stored = 0, flushed = 0;
  for (int i = 0; i < 100; ++i) {
    CHECK(live.outbox->enqueue_durable(Lane::kLogs, numbered(i, 20'000), [&](auto) { ++stored; })
              .ok());
  }
  CHECK(live.outbox->enqueue_relaxed("relaxed").ok());
  live.outbox->flush([&](Result<void> r) {
    CHECK(r.ok());
    CHECK(stored == 100);
    ++flushed;
  });
  live.loop.run();
  live.outbox->flush([&](Result<void> r) { flushed += r.ok(); });  // with nothing to do
  live.loop.run();
  CHECK(flushed == 2);
  CHECK(live.records(Lane::kTelemetry) == std::vector<std::string>{"relaxed"});
}

TEST_CASE("what is pending at the end is written, and the end is a clean one") {
  Bed bed;
  {
    LiveOutbox live(bed.dir, bed.epochs);
    for (int i = 0; i < 100; ++i) {
      CHECK(
          live.outbox->enqueue_durable(Lane::kLogs, numbered(i), [](auto) { CHECK(false); }).ok());
    }
    CHECK(live.outbox->enqueue_relaxed("relaxed").ok());
  }
  LiveOutbox live(bed.dir, bed.epochs);
  CHECK(live.records(Lane::kLogs) == numbered_range(0, 99));
  CHECK(live.records(Lane::kTelemetry) == std::vector<std::string>{"relaxed"});  // no interruption
}

TEST_CASE("the uplink's round: new data, read, applied, positions, rewind, nack, release") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs);
  std::vector<Lane> told;
  live.outbox->on_new_data([&](Lane lane) { told.push_back(lane); });
  CHECK(live.outbox->enqueue_durable(Lane::kHealth, "event").ok());
  live.loop.run();
  CHECK(told == std::vector<Lane>{Lane::kHealth});
  FakeCoordinator coordinator;
  live.outbox->read_after(Lane::kHealth, std::nullopt, 1 << 20, [&](auto segments) {
    CHECK(segments.ok());
    for (const auto& s : *segments) coordinator.apply(s);
  });
  live.loop.run();
  int answers = 0;
  live.outbox->nack(Lane::kHealth, 1, "busy", [&](Result<bool> r) { answers += r && !*r; });
  live.outbox->release(Lane::kHealth);
  live.outbox->rewind(coordinator.watermarks,
                      [&](Result<Standing> s) { answers += s && *s == Standing::kApplied; });
  live.outbox->applied(*coordinator.watermarks[1],
                       [&](Result<Standing> s) { answers += s && *s == Standing::kApplied; });
  live.outbox->positions([&](Result<std::vector<Position>> p) {
    answers += p.ok() && p->size() == kLaneCount && (*p)[1].applied == coordinator.watermarks[1] &&
               (*p)[1].last_seq == 1;
  });
  live.loop.run();
  CHECK(answers == 4);
  const auto stats = live.outbox->stats();
  CHECK(stats.lanes[1].depth == 0);
  CHECK(stats.lanes[1].oldest_age_ns == 0);
  CHECK(stats.lanes[0].depth == 1);  // the epoch start
  CHECK(stats.lanes[0].oldest_age_ns > 0);
  CHECK(stats.epoch == *bed.epochs.epoch);
}

TEST_CASE("a place that cannot be written is a state: lanes 0 and 1 wait, the others are refused") {
  Bed bed;
  LiveOutbox live(bed.dir, bed.epochs, "missing/queue.db");
  uint64_t stored = 0;
  bool refused = false;
  CHECK(live.outbox->enqueue_durable(Lane::kResults, "result", [&](auto seq) { stored = *seq; })
            .ok());
  CHECK(live.outbox->enqueue_durable(Lane::kLogs, "log", [&](auto seq) { refused = !seq; }).ok());
  live.loop.run_for_ms(50);
  CHECK(!live.outbox->stats().writable);
  CHECK(!live.outbox->stats().error.empty());
  CHECK(live.outbox->enqueue_durable(Lane::kLogs, "log").error().code == Errc::kNoSpace);
  bool flush_failed = false;
  live.outbox->flush([&](Result<void> r) { flush_failed = !r; });
  live.loop.run_for_ms(50);
  CHECK(refused);
  CHECK(flush_failed);
  CHECK(stored == 0);
  Result<void> ring;
  while (ring) ring = live.outbox->enqueue_durable(Lane::kHealth, std::string(50'000, 'x'));
  CHECK(ring.error().code == Errc::kNoSpace);  // bounded
  std::filesystem::create_directory(bed.dir.file("missing"));
  for (int i = 0; i < 30 && stored == 0; ++i) live.loop.run_for_ms(100);
  CHECK(stored == 2);  // behind the epoch start
  CHECK(live.outbox->stats().writable);
}
