// SPDX-License-Identifier: Apache-2.0
// Accept means fsynced: a process that is killed loses nothing that it was told is stored. The
// producer notes every completion in a log of its own, as a real one would.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <sstream>

#include "base/file.hh"
#include "loop/loop.hh"
#include "loop/timer.hh"
#include "outbox/outbox.hh"
#include "outbox_fixture.hh"
#include "store/state.hh"
#include "store/thread.hh"

using namespace farmhand;

namespace {

constexpr int kCycles = 20;

// Lanes 0 and 3 durable, lane 4 relaxed, until killed.
class Producer {
 public:
  Producer(const TemporaryDirectory& dir, int cycle)
      : cycle_(cycle),
        log_(::open(dir.file("producer.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)),
        state_(StateFile::open(dir.file("state.db"))),
        epochs_(*state_),
        outbox_(loop_, clock_, store_,
                {dir.file("queue.db"), 64 << 20, &epochs_, plain_encoders(), ""}) {}

  [[noreturn]] void run() {
    for (int i = 0; i < 8; ++i) next(i % 2 == 0 ? Lane::kResults : Lane::kLogs);
    Timer relaxed(loop_);
    relaxed.every(1, [&] { (void)outbox_.enqueue_relaxed("telemetry"); });
    loop_.run();
    ::_exit(1);
  }

 private:
  void next(Lane lane) {
    std::string id = std::to_string(cycle_) + "." + std::to_string(++made_);
    (void)outbox_.enqueue_durable(lane, id, [this, lane, id](Result<uint64_t> seq) {
      if (seq) note(lane, id);
      next(lane);
    });
  }
  void note(Lane lane, const std::string& id) {
    const std::string line = std::string(name_of(lane)) + " " + id + "\n";
    if (::write(log_.get(), line.data(), line.size()) < 0 || ::fdatasync(log_.get()) != 0)
      ::_exit(2);
  }

  int cycle_;
  int made_ = 0;
  Fd log_;
  Loop loop_;
  SystemClock clock_;
  Result<StateFile> state_;
  StateEpochStore epochs_;
  StoreThread store_{loop_};
  Outbox outbox_;
};

off_t size_of(const std::string& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) == 0 ? file.st_size : 0;
}

void produce_until_killed(const TemporaryDirectory& dir, int cycle, int ms) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) (new Producer(dir, cycle))->run();
  // Killed at any time, but most often while it works: under valgrind the start alone takes long.
  const std::string log = dir.file("producer.log");
  const off_t before = size_of(log);
  for (int i = 0; i < 500 && cycle % 4 != 0 && size_of(log) == before; ++i) ::usleep(10'000);
  ::usleep(static_cast<useconds_t>(ms) * 1000);
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

std::map<std::string, std::vector<std::string>> read_log(const TemporaryDirectory& dir) {
  std::map<std::string, std::vector<std::string>> logged;
  std::istringstream lines(*read_file(dir.file("producer.log"), 64 << 20));
  std::string lane, id;
  while (lines >> lane >> id) logged[lane].push_back(id);
  return logged;
}

// The ids of a lane, without the outbox's own records.
std::vector<std::string> ids_of(const FakeCoordinator& coordinator, Lane lane) {
  auto all = coordinator.records(lane);
  std::erase_if(all, [](const std::string& r) { return r.find('.') == r.npos; });
  return all;
}

// `some` in the same order within `all`.
bool is_subsequence(const std::vector<std::string>& some, const std::vector<std::string>& all) {
  size_t next = 0;
  for (const auto& one : all) next += next < some.size() && some[next] == one;
  return next == some.size();
}

}  // namespace

TEST_CASE("killed again and again: every accepted record is there once, in order") {
  TemporaryDirectory dir;
  std::mt19937 random(7);
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    produce_until_killed(dir, cycle, static_cast<int>(random() % 60));
  }
  auto logged = read_log(dir);
  CHECK(logged["results"].size() > kCycles);

  auto state = StateFile::open(dir.file("state.db"));
  REQUIRE(state.ok());
  StateEpochStore epochs(*state);
  QueueFile queue({dir.file("queue.db"), budget_from(64 << 20), &epochs, plain_encoders(), ""});
  const Stamp now{{1}, 1'000'000'000, 1, false};
  FakeCoordinator coordinator;
  for (const Lane lane : kLanes) {
    for (;;) {
      auto segments = queue.read_after(lane, std::nullopt, 1 << 20, now);
      REQUIRE(segments.ok());
      if (segments->empty()) break;
      for (const auto& s : *segments) coordinator.apply(s);
      REQUIRE(queue.applied(*coordinator.watermarks[index_of(lane)], now).ok());
    }
  }
  CHECK(coordinator.broken_chains == 0);
  for (const Lane lane : {Lane::kResults, Lane::kLogs}) {
    auto ids = ids_of(coordinator, lane);
    CHECK(is_subsequence(logged[std::string(name_of(lane))], ids));
    std::sort(ids.begin(), ids.end());
    CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  }
  // What was at risk on lane 4 is told for each start that followed a kill.
  const auto telemetry = coordinator.records(Lane::kTelemetry);
  CHECK(std::count(telemetry.begin(), telemetry.end(), "interruption telemetry") >= kCycles / 2);
}
