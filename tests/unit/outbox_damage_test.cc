// SPDX-License-Identifier: Apache-2.0
// Damaged files, full and broken disks: normal states of an outbox.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/file.hh"
#include "fault_vfs.hh"
#include "outbox_fixture.hh"
#include "store/statement.hh"

using namespace farmhand;

namespace {

constexpr Lane kLane = Lane::kLogs;

void zero_pages(const std::string& path, uint64_t page, uint64_t count) {
  const Fd fd(::open(path.c_str(), O_RDWR));
  const std::string zeros(count * 4096, '\0');
  REQUIRE(::pwrite(fd.get(), zeros.data(), zeros.size(), static_cast<off_t>(page * 4096)) ==
          static_cast<ssize_t>(zeros.size()));
}

size_t files_like(const TemporaryDirectory& dir, const std::string& prefix) {
  size_t n = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    const auto name = entry.path().filename().string();
    n += name.starts_with(prefix) && !name.ends_with("-wal");
  }
  return n;
}

void change_file(const std::string& path, const char* sql) {
  auto db = sqlite::Database::open(path, {});
  REQUIRE(db.ok());
  REQUIRE(db->exec(sql).ok());
}

// Whatever became of the file, the outbox goes on: records get in and come out behind the others.
void check_it_goes_on(QueueFixture& f, FakeCoordinator& coordinator) {
  f.must_put(kLane, {"goes on"});
  f.drain(coordinator);
  CHECK(coordinator.records(kLane).back() == "goes on");
  CHECK(coordinator.broken_chains == 0);
}

}  // namespace

TEST_CASE("bytes that are no queue file are set aside, and a new epoch begins") {
  for (const std::string& content : {std::string(), std::string("x"), std::string(100'000, 'x'),
                                     std::string("SQLite format 3\0", 16)}) {
    QueueFixture f;
    REQUIRE(write_file_atomically(f.path(), content).ok());
    FakeCoordinator coordinator;
    check_it_goes_on(f, coordinator);
    if (content.empty()) CHECK(files_like(f.dir, "queue.bad.") == 0);
    if (content.size() > 4096) CHECK(files_like(f.dir, "queue.bad.") == 1);
    CHECK(files_like(f.dir, "queue.salvage") == 0);
  }
}

TEST_CASE("a database of somebody else is set aside untouched") {
  QueueFixture f;
  change_file(f.path(), "CREATE TABLE theirs (x)");
  FakeCoordinator coordinator;
  check_it_goes_on(f, coordinator);
  CHECK(files_like(f.dir, "queue.bad.") == 1);
}

TEST_CASE("a file of a newer version is kept whole, one that permits our reading is used") {
  QueueFixture f;
  f.must_put(kLane, {"from before"});
  f.close();
  change_file(f.path(), "UPDATE meta SET value = 7 WHERE key = 'version'");
  f.open();
  f.must_put(kLane, {"still ours"});
  f.close();
  change_file(f.path(), "UPDATE meta SET value = 7 WHERE key = 'min_reader'");
  f.open();
  FakeCoordinator coordinator;
  check_it_goes_on(f, coordinator);
  CHECK(coordinator.records(kLane) == std::vector<std::string>{"goes on"});
  CHECK(files_like(f.dir, "queue.newer.") == 1);
  CHECK(f.epochs.epoch->counter == 2);
}

TEST_CASE("a file of version 1 is read, kept going, and has checksums from then on") {
  QueueFixture f;
  f.must_put(kLane, {"from before"});
  f.close();
  // Version 1 had no checksums, no copies of its registers and no sum of its schema.
  change_file(f.path(),
              "ALTER TABLE lane DROP COLUMN crc; ALTER TABLE epoch DROP COLUMN crc;"
              "ALTER TABLE epoch_end DROP COLUMN crc;"
              "DELETE FROM meta WHERE key = 'schema' OR key GLOB 'epoch.*' OR key GLOB 'end.*';"
              "UPDATE meta SET value = 1 WHERE key IN ('version', 'min_reader');"
              "INSERT INTO meta VALUES ('somebody', 'else');"
              "PRAGMA user_version = 1");
  f.open();
  f.must_put(kLane, {"goes on"});
  FakeCoordinator coordinator;
  f.drain(coordinator);
  CHECK(coordinator.records(kLane) == std::vector<std::string>{"from before", "goes on"});
  CHECK(f.epochs.epoch->counter == 1);
  CHECK(files_like(f.dir, "queue.bad.") + files_like(f.dir, "queue.newer.") == 0);
  f.close();
  change_file(f.path(), "UPDATE lane SET bytes = 1e15 WHERE lane = 0");
  f.open();
  f.must_put(Lane::kResults, {"not refused"});
  CHECK(files_like(f.dir, "queue.bad.") == 1);
}

TEST_CASE("a directory in the place of the file is moved out of the way") {
  QueueFixture f;
  std::filesystem::create_directory(f.path());
  FakeCoordinator coordinator;
  check_it_goes_on(f, coordinator);
}

TEST_CASE("of a file with pages destroyed the readable rows are saved, the rest are gaps") {
  QueueFixture f;
  for (int i = 0; i < 40; ++i) f.must_put(kLane, numbered_range(i * 10 + 1, i * 10 + 10, 300));
  f.close();
  const uint64_t pages = std::filesystem::file_size(f.path()) / 4096;
  zero_pages(f.path(), pages / 2, 3);
  f.open();
  FakeCoordinator coordinator;
  f.drain(coordinator);
  const auto& entries = coordinator.entries[index_of(kLane)];
  CHECK(entries.size() == 400);  // every number a record or a gap
  CHECK(coordinator.gaps(kLane, GapReason::kCorruption) > 0);
  CHECK(coordinator.records(kLane).size() > 100);
  check_it_goes_on(f, coordinator);
  CHECK(f.epochs.epoch->counter == 2);
}

TEST_CASE("one damaged file is kept, the latest") {
  QueueFixture f;
  for (int i = 0; i < 3; ++i) {
    f.now.realtime_ns += 5'000'000'000;
    f.must_put(kLane, {numbered(i)});
    f.close();
    zero_pages(f.path(), 0, 1);
    f.open();
  }
  f.must_put(kLane, {"x"});
  CHECK(files_like(f.dir, "queue.bad.") == 1);
}

TEST_CASE("a crash in the middle of salvaging is made good at the next start") {
  QueueFixture f;
  f.must_put(kLane, numbered_range(1, 20));
  f.close();
  std::filesystem::rename(f.path(), f.dir.file("queue.bad.1"));
  REQUIRE(write_file_atomically(f.dir.file("queue.salvage"), f.dir.file("queue.bad.1")).ok());
  REQUIRE(write_file_atomically(f.path(), "half done").ok());
  f.open();
  FakeCoordinator coordinator;
  f.drain(coordinator);
  CHECK(coordinator.records(kLane) == numbered_range(1, 20));
  CHECK(files_like(f.dir, "queue.salvage") == 0);
}

TEST_CASE("a record whose bytes have changed on disk becomes a gap, its neighbours stay") {
  QueueFixture f;
  for (int i = 1; i <= 9; ++i) f.must_put(kLane, {numbered(i, 300)});
  f.close();
  change_file(f.path(),
              "UPDATE segment SET bytes = zeroblob(length(bytes)) WHERE position & 0xffff = 5"
              " AND position >> 60 = 3");
  f.open();
  FakeCoordinator coordinator;
  f.drain(coordinator, kLane);
  CHECK(coordinator.entries[index_of(kLane)].size() == 9);
  CHECK(coordinator.records(kLane).size() == 8);
  CHECK(coordinator.gaps(kLane, GapReason::kCorruption) == 1);
  CHECK(coordinator.broken_chains == 0);
}

TEST_CASE("a WAL deleted behind our back is a disk that went back") {
  QueueFixture f;
  FakeCoordinator coordinator;
  f.must_put(kLane, {"a"});
  f.close();
  f.open();
  f.must_put(kLane, {"b"});
  const auto wal_copy = f.dir.file("copy.db");
  std::filesystem::copy_file(f.path(), wal_copy);  // without its WAL
  f.drain(coordinator);
  f.close();
  std::filesystem::copy_file(wal_copy, f.path(), std::filesystem::copy_options::overwrite_existing);
  f.open();
  f.must_put(kLane, {"c"});
  f.must_put(kLane, {"d"});
  CHECK(f.hello(coordinator) == Standing::kNewEpoch);
  f.drain(coordinator);
  const auto records = coordinator.records(kLane);
  CHECK(records[records.size() - 2] == "c");
  CHECK(records.back() == "d");
}

TEST_CASE("on a full disk the ballast is given up and the commit tried once more") {
  FaultVfs vfs;
  QueueFixture f;
  f.must_put(kLane, {"before"});
  CHECK(f.queue->stats().ballast == BallastState::kHeld);
  vfs.fault = {FaultVfs::Call::kWrite, 0, ENOSPC, true};
  CHECK(f.put(Lane::kResults, {"no room at all"}).error().code == Errc::kNoSpace);
  CHECK(!std::filesystem::exists(f.dir.file("queue.ballast")));
  vfs.fault.reset();
  f.must_put(Lane::kResults, {"room again"});
  f.now.boottime_ns += 11'000'000'000;
  REQUIRE(f.queue->maintain(f.now).ok());
  CHECK(f.queue->stats().ballast == BallastState::kHeld);
  FakeCoordinator coordinator;
  f.drain(coordinator);
  CHECK(coordinator.records(Lane::kResults).back() == "room again");
  f.close();
}
