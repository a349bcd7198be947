// SPDX-License-Identifier: Apache-2.0
// Every byte is bounded: whatever is written, and after each write, the files together are within
// size_max. What was drained goes back to the disk.
#include <cstdlib>
#include <filesystem>

#include "base/log.hh"
#include "fault_vfs.hh"
#include "outbox_script.hh"

using namespace farmhand;

namespace {

uint64_t size_of(const std::string& directory, const std::string& prefix = "queue.") {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with(prefix)) bytes += entry.file_size();
  }
  return bytes;
}

}  // namespace

TEST_CASE("after each write of a whole life the files are within their bound") {
  log::set_level(log::Level::kError);
  TemporaryDirectory dir;
  FaultVfs vfs;
  vfs.only = dir.path();
  uint64_t largest = 0, writes = 0;
  vfs.on_written = [&] {
    largest = std::max(largest, size_of(dir.path()));
    ++writes;
  };
  OutboxScript script(dir.path());
  script.run();
  MESSAGE("at most " << largest << " of " << Node::budget().size_max << " bytes in " << writes
                     << " writes");
  CHECK(largest <= Node::budget().size_max);
}

TEST_CASE("every lane filled with the link down: bounded; drained: the file shrinks") {
  log::set_level(log::Level::kError);
  FaultVfs vfs;
  QueueFixture f;
  f.budget = budget_from(kOutboxBytesMin);
  f.queue.reset();
  f.open();
  vfs.only = f.dir.path();
  uint64_t largest = 0;
  vfs.on_written = [&] { largest = std::max(largest, size_of(f.dir.path())); };
  std::array<size_t, 2> kept{};
  const int commits = std::getenv("FARMHAND_SLOW") != nullptr ? 40 : 100;
  for (int i = 0; i < commits; ++i) {
    Group group;
    for (const Lane lane : kLanes) {
      group.records[index_of(lane)] =
          std::vector<std::string>(lane == Lane::kTelemetry ? 40 : 8, std::string(24'000, 'x'));
    }
    f.now.boottime_ns += 1'000'000;
    auto done = f.queue->commit(group, f.now);
    REQUIRE_MESSAGE(done.ok(), done.error().message);
    for (const Lane lane : {Lane::kResults, Lane::kHealth}) {
      kept[index_of(lane)] += done->refused[index_of(lane)] ? 0 : 8;
    }
    if (f.queue->wal_is_long()) REQUIRE(f.queue->maintain(f.now).ok());
  }
  CHECK(largest <= f.budget.size_max);
  const auto full = std::filesystem::file_size(f.path());
  FakeCoordinator coordinator;
  f.drain(coordinator);
  for (const Lane lane : {Lane::kResults, Lane::kHealth}) {
    size_t records = 0;
    for (const auto& text : coordinator.records(lane)) records += text[0] == 'x';
    CHECK(records == kept[index_of(lane)]);
  }
  f.now.boottime_ns += 25 * 3600 * 1'000'000'000ull;
  f.must_put(Lane::kResults, {"the tails are old"});
  for (int i = 0; i < 100; ++i) f.must_put(Lane::kResults, {"trims"});
  for (Result<bool> more = true; more && *more;) {
    more = f.queue->maintain(f.now);
    f.now.boottime_ns += 250'000'000;
  }
  MESSAGE("at most " << largest << " bytes; the file " << full << ", drained "
                     << std::filesystem::file_size(f.path()));
  CHECK(largest <= f.budget.size_max);
  CHECK(std::filesystem::file_size(f.path()) < full / 2);
  CHECK(f.queue->stats().ballast == BallastState::kHeld);
  f.close();
}
