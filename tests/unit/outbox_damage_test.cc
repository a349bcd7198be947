// SPDX-License-Identifier: Apache-2.0
// Damaged files, full and broken disks: normal states of an outbox.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/file.hh"
#include "old_fault_vfs.hh"
#include "outbox_fixture.hh"
#include "store/statement.hh"

using namespace farmhand;

namespace {

constexpr Lane kLane = Lane::kLogs;

void flip_byte(const std::string& path, uint64_t at) {
  const Fd fd(::open(path.c_str(), O_RDWR));
  char byte = 0;
  REQUIRE(::pread(fd.get(), &byte, 1, static_cast<off_t>(at)) == 1);
  byte = static_cast<char>(~byte);
  REQUIRE(::pwrite(fd.get(), &byte, 1, static_cast<off_t>(at)) == 1);
}

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
  change_file(f.path(), "UPDATE meta SET value = 2 WHERE key = 'min_reader'");
  f.open();
  FakeCoordinator coordinator;
  check_it_goes_on(f, coordinator);
  CHECK(coordinator.records(kLane) == std::vector<std::string>{"goes on"});
  CHECK(files_like(f.dir, "queue.newer.") == 1);
  CHECK(f.epochs.epoch->counter == 2);
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

TEST_CASE("any byte flipped: no crash, no hang, no number uncovered, and it goes on") {
  QueueFixture base;
  for (int i = 1; i <= 3; ++i) base.must_put(kLane, {numbered(i, 500)});
  base.close();
  const auto size = std::filesystem::file_size(base.path());
  // A prime step, so that all kinds of places are hit without trying each.
  for (uint64_t at = 0; at < size; at += 487) {
    QueueFixture f;
    f.epochs = base.epochs;
    std::filesystem::copy_file(base.path(), f.path());
    flip_byte(f.path(), at);
    FakeCoordinator coordinator;
    check_it_goes_on(f, coordinator);
  }
}

TEST_CASE("any length: no crash, no hang, and it goes on") {
  QueueFixture base;
  for (int i = 1; i <= 3; ++i) base.must_put(kLane, {numbered(i, 500)});
  base.close();
  const auto size = std::filesystem::file_size(base.path());
  for (uint64_t length = 0; length < size; length += 1777) {
    QueueFixture f;
    f.epochs = base.epochs;
    std::filesystem::copy_file(base.path(), f.path());
    std::filesystem::resize_file(f.path(), length);
    FakeCoordinator coordinator;
    check_it_goes_on(f, coordinator);
  }
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

TEST_CASE("after a failed fsync nothing is believed but what is on disk; the caller hears of it") {
  FaultVfs vfs("fault-fsync");
  QueueFixture f;
  f.vfs = "fault-fsync";
  f.queue.reset();
  f.open();
  f.must_put(kLane, {"before"});
  vfs.sync_result = SQLITE_IOERR_FSYNC;
  const auto failed = f.put(kLane, {"lost"});
  REQUIRE(!failed.ok());
  CHECK(failed.error().code == Errc::kIo);
  CHECK(!f.queue->stats().writable);
  vfs.sync_result = SQLITE_OK;
  f.must_put(kLane, {"after"});
  CHECK(f.queue->stats().writable);
  FakeCoordinator coordinator;
  f.drain(coordinator, kLane);
  // What failed may be there all the same; what was accepted must be.
  CHECK(coordinator.records(kLane).front() == "before");
  CHECK(coordinator.records(kLane).back() == "after");
  CHECK(coordinator.broken_chains == 0);
  f.close();
}

TEST_CASE("on a full disk the ballast is given up and the commit tried once more") {
  FaultVfs vfs("fault-full");
  QueueFixture f;
  f.vfs = "fault-full";
  f.queue.reset();
  f.open();
  f.must_put(kLane, {"before"});
  CHECK(f.queue->stats().ballast == BallastState::kHeld);
  vfs.write_result = SQLITE_FULL;
  CHECK(f.put(Lane::kResults, {"no room at all"}).error().code == Errc::kNoSpace);
  CHECK(!std::filesystem::exists(f.dir.file("queue.ballast")));
  vfs.write_result = SQLITE_OK;
  f.must_put(Lane::kResults, {"room again"});
  f.now.boottime_ns += 11'000'000'000;
  REQUIRE(f.queue->maintain(f.now).ok());
  CHECK(f.queue->stats().ballast == BallastState::kHeld);
  FakeCoordinator coordinator;
  f.drain(coordinator);
  CHECK(coordinator.records(Lane::kResults).back() == "room again");
  f.close();
}

TEST_CASE("a fault at any write or sync of a commit costs at most that commit") {
  FaultVfs vfs("fault-any");
  for (const bool at_sync : {false, true}) {
    for (int n = 0; n < 6; ++n) {
      QueueFixture f;
      f.vfs = "fault-any";
      f.queue.reset();
      f.open();
      f.must_put(kLane, numbered_range(1, 100, 300));
      (at_sync ? vfs.syncs_until_fault : vfs.writes_until_fault) = n;
      (at_sync ? vfs.sync_result : vfs.write_result) = SQLITE_IOERR;
      std::vector<std::string> accepted;
      for (int i = 0; i < 4; ++i) {
        if (f.put(kLane, {numbered(1000 + i, 3000)})) accepted.push_back(numbered(1000 + i, 3000));
      }
      vfs.sync_result = vfs.write_result = SQLITE_OK;
      f.must_put(kLane, {"after"});
      FakeCoordinator coordinator;
      f.drain(coordinator, kLane);
      const auto records = coordinator.records(kLane);
      CHECK(records.back() == "after");
      for (const auto& record : accepted) {
        CHECK(std::count(records.begin(), records.end(), record) == 1);
      }
      f.close();
    }
  }
}
