// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/file.hh"
#include "loop/loop.hh"
#include "store/database.hh"
#include "store/state.hh"
#include "store/statement.hh"
#include "store/thread.hh"
#include "temporary_directory.hh"

using namespace farmhand;
using sqlite::Query;
using sqlite::Statement;

namespace {

sqlite::Database open(const std::string& path, sqlite::OpenOptions options = {}) {
  auto db = sqlite::Database::open(path, options);
  REQUIRE(db.ok());
  return std::move(*db);
}

int64_t ask(sqlite::Database& db, std::string_view sql) {
  auto statement = Statement::prepare(db, sql);
  REQUIRE(statement.ok());
  Query q(*statement);
  auto row = q.step();
  REQUIRE(row.ok());
  REQUIRE(*row);
  return q.integer(0);
}

}  // namespace

TEST_CASE("a database is opened by the recipe") {
  TemporaryDirectory dir;
  auto db = open(dir.file("a.db"), {.bytes_max = 1 << 20});
  REQUIRE(db.exec("CREATE TABLE t (x)").ok());
  CHECK(ask(db, "PRAGMA synchronous") == 2);
  CHECK(ask(db, "PRAGMA page_size") == 4096);
  CHECK(ask(db, "PRAGMA auto_vacuum") == 2);
  CHECK(ask(db, "PRAGMA max_page_count") == 256);
  CHECK(ask(db, "PRAGMA secure_delete") == 0);
  CHECK(::access(dir.file("a.db-wal").c_str(), F_OK) == 0);
  CHECK(::access(dir.file("a.db-shm").c_str(), F_OK) != 0);
}

TEST_CASE("a file opened again has no shared memory file either") {
  TemporaryDirectory dir;
  REQUIRE(open(dir.file("a.db")).exec("CREATE TABLE t (x)").ok());
  auto db = open(dir.file("a.db"));
  CHECK(ask(db, "SELECT count(*) FROM t") == 0);
  CHECK(::access(dir.file("a.db-shm").c_str(), F_OK) != 0);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  TemporaryDirectory dir;
  auto db = open(dir.file("a.db"));
  REQUIRE(db.exec("CREATE TABLE t (x)").ok());
  {
    auto transaction = sqlite::Transaction::begin(db);
    REQUIRE(transaction.ok());
    REQUIRE(db.exec("INSERT INTO t VALUES (1)").ok());
  }
  CHECK(ask(db, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("a WAL file made long ahead neither grows nor shrinks, and a crash finds what is in it") {
  constexpr uint64_t kLength = 1 << 20;
  TemporaryDirectory dir;
  const auto length = [&] { return std::filesystem::file_size(dir.file("a.db-wal")); };
  {
    auto db = open(dir.file("a.db"), {.checkpoint_self = true, .wal_bytes_kept = kLength});
    REQUIRE(db.exec("CREATE TABLE t (x)").ok());
    int steps = 0;
    for (Result<bool> more = true; *more; ++steps) {
      more = db.lengthen_wal(kLength);
      REQUIRE(more.ok());
    }
    CHECK(steps > 1);  // no step takes long
    CHECK(length() == kLength);
    for (int round = 0; round < 3; ++round) {
      for (int n = 0; n < 30; ++n) REQUIRE(db.exec("INSERT INTO t VALUES (zeroblob(9000))").ok());
      REQUIRE(db.checkpoint(sqlite::Database::Checkpoint::kPassive).ok());
      CHECK(length() == kLength);
    }
    REQUIRE(db.exec("INSERT INTO t VALUES (1)").ok());
    db.abandon();
  }
  auto db = open(dir.file("a.db"));
  CHECK(ask(db, "SELECT count(*) FROM t") == 91);
}

TEST_CASE("text, blobs, numbers and nothing come back as they were bound") {
  TemporaryDirectory dir;
  auto db = open(dir.file("a.db"));
  auto select = Statement::prepare(db, "SELECT ?, ?, ?, ?, ?");
  REQUIRE(select.ok());
  for (int run = 0; run < 2; ++run) {
    Query q(*select);
    q.bind("text").bind_blob(std::string_view("\0b", 2)).bind(int64_t{-5}).bind(2.5).bind_null();
    auto row = q.step();
    REQUIRE(row.ok());
    CHECK(q.text(0) == "text");
    CHECK(q.blob(1) == std::string_view("\0b", 2));
    CHECK(q.integer(2) == -5);
    CHECK(q.real(3) == 2.5);
    CHECK(q.is_null(4));
  }
}

TEST_CASE("bytes that are no database are corrupt, and so is a torn one") {
  TemporaryDirectory dir;
  REQUIRE(write_file_atomically(dir.file("a.db"), std::string(8192, 'x')).ok());
  auto db = sqlite::Database::open(dir.file("a.db"), {});
  REQUIRE(!db.ok());
  CHECK(db.error().code == Errc::kCorrupt);
}

TEST_CASE("a file that may not grow says that there is no space") {
  TemporaryDirectory dir;
  auto db = open(dir.file("a.db"), {.bytes_max = 64 << 10});
  REQUIRE(db.exec("CREATE TABLE t (x)").ok());
  const auto full = db.exec("INSERT INTO t VALUES (zeroblob(200000))");
  REQUIRE(!full.ok());
  CHECK(full.error().code == Errc::kNoSpace);
}

TEST_CASE("a second connection to the same file is told that it is in use") {
  TemporaryDirectory dir;
  auto db = open(dir.file("a.db"));
  REQUIRE(db.exec("CREATE TABLE t (x)").ok());
  auto second = sqlite::Database::open(dir.file("a.db"), {});
  REQUIRE(!second.ok());
  CHECK(second.error().code == Errc::kUnavailable);
}

TEST_CASE("a quick check says that a sound file is sound, in whatever time it gets") {
  TemporaryDirectory dir;
  auto db = open(dir.file("a.db"));
  REQUIRE(db.exec("CREATE TABLE t (x)").ok());
  CHECK(*db.quick_check(1000));
  CHECK(*db.quick_check(0));
}

TEST_CASE("state.db keeps what was set, across openings") {
  TemporaryDirectory dir;
  {
    auto state = StateFile::open(dir.file("state.db"));
    REQUIRE(state.ok());
    CHECK(!state->find("key")->has_value());
    REQUIRE(state->set("key", std::string_view("a\0b", 3)).ok());
  }
  auto state = StateFile::open(dir.file("state.db"));
  REQUIRE(state.ok());
  CHECK(**state->find("key") == std::string("a\0b", 3));
}

TEST_CASE("a module's tables are taken step by step, each step once") {
  TemporaryDirectory dir;
  const StateFile::Module first{"m", {"CREATE TABLE m (a)"}};
  const StateFile::Module second{"m", {"CREATE TABLE m (a)", "ALTER TABLE m ADD COLUMN b"}};
  CHECK(StateFile::open(dir.file("state.db"), {first}).ok());
  for (int run = 0; run < 2; ++run) {
    auto state = StateFile::open(dir.file("state.db"), {second});
    REQUIRE(state.ok());
    CHECK(state->database().exec("INSERT INTO m (a, b) VALUES (1, 2)").ok());
  }
  const auto older = StateFile::open(dir.file("state.db"), {first});
  REQUIRE(!older.ok());
  CHECK(older.error().code == Errc::kUnsupported);
}

TEST_CASE("a step that fails leaves state.db as it was") {
  TemporaryDirectory dir;
  CHECK(!StateFile::open(dir.file("state.db"), {{"m", {"CREATE TABLE m (a)", "nonsense"}}}).ok());
  auto state = StateFile::open(dir.file("state.db"), {{"m", {"CREATE TABLE m (a, b)"}}});
  CHECK(state.ok());
}

TEST_CASE("the store thread works in order and reports on the loop") {
  Loop loop;
  StoreThread store(loop);
  const auto loop_thread = std::this_thread::get_id();
  std::vector<int> worked, done;
  for (int i = 0; i < 100; ++i) {
    store.submit(
        [&, i] {
          CHECK(std::this_thread::get_id() != loop_thread);
          worked.push_back(i);
        },
        [&, i] {
          CHECK(std::this_thread::get_id() == loop_thread);
          done.push_back(i);
        });
  }
  loop.run();  // returns by itself once nothing is outstanding
  CHECK(worked.size() == 100);
  CHECK(std::is_sorted(worked.begin(), worked.end()));
  CHECK(done == worked);
}

TEST_CASE("work may be handed in from a report, and the loop goes on for it") {
  Loop loop;
  StoreThread store(loop);
  int left = 3;
  std::function<void()> again = [&] {
    if (--left > 0) store.submit([] {}, again);
  };
  store.submit([] {}, again);
  loop.run();
  CHECK(left == 0);
}

TEST_CASE("the end of the store thread waits for the work handed in") {
  Loop loop;
  std::atomic<int> worked = 0;
  {
    StoreThread store(loop);
    for (int i = 0; i < 10; ++i) store.submit([&] { ++worked; }, [] { CHECK(false); });
  }
  CHECK(worked == 10);
}
