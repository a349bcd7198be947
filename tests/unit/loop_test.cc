// SPDX-License-Identifier: Apache-2.0
// Each test ends by destroying its Loop, which aborts if a handle was left open.
#include <doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <thread>

#include "loop/child.hh"
#include "loop/loop.hh"
#include "loop/resolve.hh"
#include "loop/stream.hh"
#include "loop/timer.hh"
#include "loop/turn_watch.hh"
#include "loop/wakeup.hh"

using namespace farmhand;

TEST_CASE("a timer ticks until destroyed, even from its own callback") {
  Loop loop;
  int ticks = 0;
  auto timer = std::make_unique<Timer>(loop);
  timer->every(1, [&] {
    if (++ticks == 3) timer.reset();
  });
  loop.run();
  CHECK(ticks == 3);
}

TEST_CASE("a timer may be set anew from its own callback") {
  Loop loop;
  Timer timer(loop);
  bool second = false;
  timer.once(1, [&] { timer.once(1, [&] { second = true; }); });
  loop.run();
  CHECK(second);
}

TEST_CASE("another thread wakes the loop") {
  Loop loop;
  bool woken = false;
  std::optional<Wakeup> wakeup;
  wakeup.emplace(loop, [&] {
    woken = true;
    wakeup.reset();
  });
  std::thread other([&] { wakeup->notify(); });
  loop.run();
  other.join();
  CHECK(woken);
}

TEST_CASE("a signal arrives as an event") {
  Loop loop;
  std::optional<SignalWatch> watch;
  watch.emplace(loop, SIGUSR1, [&] { watch.reset(); });
  ::kill(::getpid(), SIGUSR1);
  loop.run();
  CHECK_FALSE(watch);
}

TEST_CASE("a child's end is reported once, with its status or its signal") {
  Loop loop;
  std::optional<Child::Exit> exit;
  auto child = Child::start(
      loop, {.argv = {"/bin/sh", "-c", "exit 7"}, .env = {}, .fds = {-1}, .uid = {}, .gid = {}},
      [&](Child::Exit e) { exit = e; });
  REQUIRE(child);
  loop.run();
  REQUIRE(exit);
  CHECK(exit->status == 7);
  CHECK(exit->signal == 0);

  auto sleeper =
      Child::start(loop, {.argv = {"/bin/sleep", "60"}, .env = {}, .fds = {}, .uid = {}, .gid = {}},
                   [&](Child::Exit e) { exit = e; });
  REQUIRE(sleeper);
  sleeper->kill(SIGKILL);
  loop.run();
  CHECK(exit->signal == SIGKILL);
}

TEST_CASE("a program that is not there is an error, not a child") {
  Loop loop;
  const auto child = Child::start(
      loop, {.argv = {"/nowhere/program"}, .env = {}, .fds = {}, .uid = {}, .gid = {}}, nullptr);
  REQUIRE_FALSE(child);
  CHECK(child.error().code == Errc::kNotFound);
}

TEST_CASE("bytes cross a socket both ways and the end is seen") {
  Loop loop;
  const std::string path = "/tmp/farmhand-loop-" + std::to_string(getpid()) + ".sock";
  std::optional<Stream> server;
  std::optional<Listener> listener;
  std::string heard;
  std::optional<Error> end;
  auto made = Listener::listen(loop, path, 0600, [&](Stream stream) {
    CHECK(stream.peer()->uid == getuid());
    server.emplace(std::move(stream));
    server->read([&](std::string_view bytes) { heard += bytes; },
                 [&](Error error) {
                   end = error;
                   server.reset();
                   listener.reset();
                 });
  });
  REQUIRE(made);
  listener.emplace(std::move(*made));

  std::thread client([&] {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    CHECK(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::write(fd.get(), "hello", 5) == 5);
  });
  loop.run();
  client.join();
  CHECK(heard == "hello");
  REQUIRE(end);
  CHECK(end->code == Errc::kCancelled);
}

TEST_CASE("a socket somebody answers on is not taken over, a dead one is") {
  Loop loop;
  const std::string path = "/tmp/farmhand-taken-" + std::to_string(getpid()) + ".sock";
  {
    const auto first = Listener::listen(loop, path, 0600, [](Stream) {});
    REQUIRE(first);
    CHECK(Listener::listen(loop, path, 0600, nullptr).error().code == Errc::kExists);
  }
  loop.run();
  const Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(Listener::listen(loop, path, 0600, [](Stream) {}));
}

TEST_CASE("a write in flight ends as cancelled after its stream is gone") {
  Loop loop;
  int fds[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  Fd other(fds[1]);
  auto stream = Stream::adopt(loop, Fd(fds[0]));
  REQUIRE(stream);
  auto owned = std::make_unique<Stream>(std::move(*stream));
  Errc code = Errc::kInternal;
  bool ok = true;
  owned->write(std::string(8 << 20, 'x'), [&](Result<void> done) {
    ok = done.ok();
    if (!ok) code = done.error().code;
  });
  owned.reset();
  loop.run();
  CHECK_FALSE(ok);
  CHECK(code == Errc::kCancelled);
}

TEST_CASE("names resolve, and an unwanted answer is dropped") {
  Loop loop;
  std::string address;
  Resolve wanted(loop, "127.0.0.1", [&](Result<std::string> found) {
    if (found) address = *found;
  });
  {
    Resolve unwanted(loop, "localhost", [](Result<std::string>) { CHECK(false); });
  }
  loop.run();
  CHECK(address == "127.0.0.1");
}

TEST_CASE("a long turn is seen, sleep is not taken for one") {
  Loop loop;
  TurnWatch turns(loop);
  loop.run_for_ms(500);
  CHECK(turns.longest_ns() <
        400'000'000);  // a busy machine may hold us up, half a second it does not
  const uint64_t before = turns.long_turns();
  Timer busy(loop);
  busy.once(1, [] { ::usleep(120'000); });
  loop.run_for_ms(10);
  loop.run_for_ms(10);
  CHECK(turns.longest_ns() >= 120'000'000);
  CHECK(turns.long_turns() == before + 1);
}
