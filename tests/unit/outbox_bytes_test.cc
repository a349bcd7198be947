// SPDX-License-Identifier: Apache-2.0
// Any bytes in the file are a normal state: each byte flipped, each length, each page gone. It is
// ready in time, and what is lost is a gap.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.hh"
#include "base/log.hh"
#include "outbox_recovery.hh"

using namespace farmhand;

namespace {

bool slow() {
  return std::getenv("FARMHAND_SLOW") != nullptr;
}
bool full() {
  return std::getenv("FARMHAND_FULL") != nullptr;
}

constexpr double kReadyMs = 5000;

std::string content_of(const std::string& path) {
  return *read_file(path, 64 << 20);
}

void write_content(const std::string& path, const std::string& content) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
  REQUIRE(::write(fd.get(), content.data(), content.size()) == std::ssize(content));
}

// A small file with everything in it: lanes half applied, gaps, mixed segments, two epochs.
struct Original {
  TemporaryDirectory dir;
  OutboxScript script{dir.path()};
  std::string queue, wal, state;

  explicit Original(bool orderly) {
    script.run_short();
    if (orderly) script.node.close(true);
    queue = content_of(dir.file("queue.db"));
    if (!orderly) wal = content_of(dir.file("queue.db-wal"));
    script.node.close(true);
    state = content_of(dir.file("state.db"));
  }
};

struct Outcome {
  int tried = 0, set_aside = 0, complained = 0, untold = 0;
  double slowest_ms = 0;
};

// Opens what is there instead of the original, and drains it.
void check_damaged(const Original& original, const std::string& queue, const std::string& wal,
                   const std::string& what, Outcome& outcome, bool may_be_unknown = false) {
  TemporaryDirectory dir;
  write_content(dir.file("state.db"), original.state);
  write_content(dir.file("queue.db"), queue);
  if (!wal.empty()) write_content(dir.file("queue.db-wal"), wal);
  const Recovery recovery = recover(dir.path(), original.script, true);
  ++outcome.tried;
  outcome.set_aside += recovery.set_aside;
  outcome.slowest_ms = std::max(outcome.slowest_ms, recovery.open_ms);
  CHECK(recovery.open_ms < kReadyMs);
  // Where the end of a lane is gone nothing is left that could be a gap.
  const bool untold = recovery.lost && !recovery.new_epoch;
  outcome.untold += untold;
  if (untold && what.starts_with("WAL byte")) {
    CHECK(recovery.first_absent > original.script.notes.accepted.back().number - 5);
  }
  if (may_be_unknown && recovery.lost) return;
  outcome.complained += !recovery.complaints.empty();
  for (const auto& complaint : recovery.complaints) FAIL_CHECK(what << ": " << complaint);
}

void report(const std::string& what, const Outcome& outcome) {
  MESSAGE(what << ": " << outcome.tried << " tried, " << outcome.set_aside << " set aside, "
               << outcome.complained << " complained of, " << outcome.untold
               << " with losses and no new epoch, slowest opening " << outcome.slowest_ms << " ms");
}

}  // namespace

TEST_CASE("each byte flipped: ready in time, every loss a gap") {
  log::set_level(static_cast<log::Level>(9));
  const Original original(true);
  Outcome outcome;
  const size_t step = full() ? 1 : slow() ? 2999 : 19;
  size_t turn = 0;
  for (size_t at = 0; at < original.queue.size(); ++at) {
    const bool head_of_page = at % kPageBytes < 24 && !slow();  // where one byte matters most
    if (at % step != 0 && !head_of_page) continue;
    for (const char pattern : {'\xff', static_cast<char>(1 << turn++ % 8)}) {
      std::string flipped = original.queue;
      flipped[at] = static_cast<char>(flipped[at] ^ pattern);
      check_damaged(original, flipped, "", "byte " + std::to_string(at), outcome);
    }
  }
  report("bytes of queue.db", outcome);
}

TEST_CASE("each page gone: ready in time, every loss a gap") {
  log::set_level(static_cast<log::Level>(9));
  const Original original(true);
  Outcome outcome;
  for (size_t page = 0; page < original.queue.size() / kPageBytes; ++page) {
    std::string damaged = original.queue;
    damaged.replace(page * kPageBytes, kPageBytes, kPageBytes, '\0');
    check_damaged(original, damaged, "", "page " + std::to_string(page), outcome);
  }
  report("pages", outcome);
}

TEST_CASE("each length of the file: ready in time, every loss a gap or told by a new epoch") {
  log::set_level(static_cast<log::Level>(9));
  const Original original(true);
  Outcome outcome;
  const size_t step = full() ? 1 : slow() ? 4999 : 61;
  for (size_t length = 0; length < original.queue.size(); length += step) {
    check_damaged(original, original.queue.substr(0, length), "", "length", outcome, true);
  }
  report("lengths of queue.db", outcome);
}

TEST_CASE("each byte and length of the WAL: ready in time, lost commits told by a new epoch") {
  log::set_level(static_cast<log::Level>(9));
  const Original original(false);
  REQUIRE(original.wal.size() > 10 * kPageBytes);
  Outcome outcome;
  const size_t step = full() ? 1 : slow() ? 9973 : 211;
  for (size_t at = 0; at < original.wal.size(); at += step) {
    std::string wal = original.wal;
    wal[at] = static_cast<char>(wal[at] ^ 0x10);
    check_damaged(original, original.queue, wal, "WAL byte " + std::to_string(at), outcome, true);
  }
  report("bytes of the WAL", outcome);  // what is untold is of the last commit
  outcome = {};
  for (size_t length = 0; length < original.wal.size(); length += step) {
    check_damaged(original, original.queue, original.wal.substr(0, length), "WAL length", outcome,
                  true);
  }
  report("lengths of the WAL", outcome);
}

TEST_CASE("a WAL that is gone, or of another file: told by a new epoch, or set aside") {
  log::set_level(static_cast<log::Level>(9));
  const Original original(false), other(false);
  Outcome gone, foreign;
  check_damaged(original, original.queue, "", "no WAL", gone, true);
  CHECK(gone.untold == 0);
  check_damaged(original, original.queue, other.wal, "foreign WAL", foreign, true);
  report("without its WAL", gone);
  report("with the WAL of another", foreign);
}

TEST_CASE("what is no file at all, and rights that are gone: ready in time") {
  log::set_level(static_cast<log::Level>(9));
  const Original original(true);
  const std::array<std::function<void(const std::string&)>, 5> things = {
      [](const std::string& path) { std::filesystem::create_directory(path); },
      [](const std::string& path) { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); },
      [](const std::string& path) { std::filesystem::create_symlink("/nowhere/at/all", path); },
      [](const std::string& path) { write_content(path, ""); },
      [](const std::string& path) { write_content(path, "SQLite format 3"); },
  };
  for (const auto& make : things) {
    TemporaryDirectory dir;
    write_content(dir.file("state.db"), original.state);
    make(dir.file("queue.db"));
    const Recovery recovery = recover(dir.path(), original.script, true);
    CHECK(recovery.open_ms < kReadyMs);
    CHECK(recovery.new_epoch);
  }
}

// As nobody, in a directory of its own. 0: all is there; 1: told by a new epoch.
TEST_CASE("a file of another owner is set aside, one without rights gets them back") {
  if (::geteuid() != 0) return;
  const Original original(true);
  for (const bool own : {true, false}) {
    TemporaryDirectory dir;
    write_content(dir.file("state.db"), original.state);
    write_content(dir.file("queue.db"), original.queue);
    constexpr uid_t kNobody = 65534;
    REQUIRE(::chown(dir.path().c_str(), kNobody, kNobody) == 0);
    REQUIRE(::chown(dir.file("state.db").c_str(), kNobody, kNobody) == 0);
    REQUIRE(::chown(dir.file("queue.db").c_str(), own ? kNobody : 0, 0) == 0);
    REQUIRE(::chmod(dir.file("queue.db").c_str(), 0) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      log::set_level(static_cast<log::Level>(9));
      if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(9);
      const Recovery recovery = recover(dir.path(), original.script, true);
      ::_exit(recovery.open_ms > kReadyMs ? 8 : recovery.new_epoch ? 1 : recovery.lost ? 7 : 0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == (own ? 0 : 1));
  }
}
