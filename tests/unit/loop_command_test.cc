// SPDX-License-Identifier: Apache-2.0
// Each test ends by destroying its Loop, which aborts if a handle was left open.
#include <doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "base/file.hh"
#include "loop/command.hh"
#include "loop/loop.hh"

using namespace farmhand;

namespace {

Command::Spec shell(const std::string& script) {
  Command::Spec spec;
  spec.argv = {"/bin/sh", "-c", script};
  spec.env = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
  return spec;
}

Command::End end_of(const Command::Spec& spec) {
  Loop loop;
  Command::End end;
  int ends = 0;
  auto command = Command::start(loop, spec, [&](Command::End e) {
    ++ends;
    end = std::move(e);
  });
  REQUIRE(command.ok());
  while (ends == 0 && loop.run_once()) {
  }
  CHECK(ends == 1);
  return end;
}

// A killed process is a zombie until its new parent looks: that is gone enough.
bool is_gone(const std::string& pid) {
  const auto stat = read_file("/proc/" + pid + "/stat");
  return !stat || stat->find(") Z ") != stat->npos;
}

bool gone_soon(const std::string& pid) {
  for (int i = 0; i < 1000 && !is_gone(pid); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return is_gone(pid);
}

}  // namespace

TEST_CASE("a command's status, output and first words of complaint are told once") {
  const Command::End end = end_of(shell("echo DISK OK; echo odd >&2; exit 2"));
  CHECK(end.status == 2);
  CHECK(end.signal == 0);
  CHECK(end.output == "DISK OK\n");
  CHECK(end.errors == "odd\n");
  CHECK_FALSE(end.timed_out);
  CHECK_FALSE(end.cut);
}

TEST_CASE("a command gets the environment given, the root directory, and nothing on its input") {
  Command::Spec spec = shell("env | sort | tr '\\n' ' '; pwd; wc -c");
  spec.env.push_back("FARMHAND_DEVICE_KEY=npu0");
  const Command::End end = end_of(spec);
  CHECK(end.output == "FARMHAND_DEVICE_KEY=npu0 LC_ALL=C PATH=/usr/bin:/bin PWD=/ /\n0\n");
}

TEST_CASE("a command inherits no descriptor, not even one that was not marked so") {
  const Fd leaking(::open("/dev/null", O_RDONLY));
  REQUIRE(leaking);
  const Command::End end = end_of(shell("ls /proc/self/fd | tr '\\n' ' '"));
  CHECK(end.output == "0 1 2 3 ");  // 3 is the directory that ls reads
}

TEST_CASE("a command leads a session of its own and has every signal back") {
  const Command::End end =
      end_of(shell("set -- $(cat /proc/self/stat); test $6 = $$ || echo not the leader of $6;"
                   "grep -E 'SigBlk|SigIgn' /proc/self/status"));
  CHECK(end.output == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("a command reads its input to the end") {
  Command::Spec spec = shell("cat");
  spec.input = R"({"verdict": "fail"})";
  CHECK(end_of(spec).output == spec.input);
}

TEST_CASE("a command that ignores SIGTERM and its time limit is killed with all its children") {
  Command::Spec spec =
      shell("trap '' TERM; (trap '' TERM; sleep 100) & echo $!; while :; do sleep 0.05; done");
  spec.timeout_ms = 200;
  spec.grace_ms = 100;
  const Command::End end = end_of(spec);
  CHECK(end.timed_out);
  CHECK(end.signal == SIGKILL);
  CHECK(gone_soon(end.output.substr(0, end.output.find('\n'))));
}

TEST_CASE("what a command leaves behind in its group goes with it") {
  const Command::End end = end_of(shell("sleep 100 & echo $!"));
  CHECK(end.status == 0);
  CHECK(gone_soon(end.output.substr(0, end.output.find('\n'))));
}

TEST_CASE("a command that leaves a daemon with its output open is not waited for") {
  const auto before = std::chrono::steady_clock::now();
  const Command::End end = end_of(shell(
      "trap 'exit 0' USR1; setsid sh -c \"echo \\$\\$; kill -USR1 $$; exec sleep 20\" & wait"));
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(5));
  CHECK(end.status == 0);
  CHECK_FALSE(end.timed_out);
  CHECK_FALSE(is_gone(end.output.substr(0, end.output.find('\n'))));
  ::kill(std::stoi(end.output), SIGKILL);
}

TEST_CASE("a flood of output is read and thrown away beyond the limit") {
  Command::Spec spec = shell("head -c 10000000 /dev/zero; exit 1");
  spec.output_max = 1000;
  const Command::End end = end_of(spec);
  CHECK(end.status == 1);
  CHECK(end.output.size() == 1000);
  CHECK(end.cut);
}

TEST_CASE("a command killed by a signal says which") {
  CHECK(end_of(shell("kill -SEGV $$")).signal == SIGSEGV);
}

TEST_CASE("a command that does not exist is an error, not a child") {
  Loop loop;
  Command::Spec spec;
  spec.argv = {"/nowhere/check_disk"};
  const auto command = Command::start(loop, spec, [](const Command::End&) { CHECK(false); });
  REQUIRE_FALSE(command.ok());
  CHECK(command.error().code == Errc::kNotFound);
}

TEST_CASE("a command stopped on request says so; one destroyed says nothing") {
  Loop loop;
  Command::End end;
  auto command = Command::start(loop, shell("sleep 100"), [&](Command::End e) { end = e; });
  REQUIRE(command.ok());
  (*command)->stop();
  while (!end.stopped && loop.run_once()) {
  }
  auto other = Command::start(loop, shell("sleep 100"), [](const Command::End&) { CHECK(false); });
  REQUIRE(other.ok());
  const std::string pid = std::to_string((*other)->pid());
  other->reset();
  loop.run_for_ms(1);
  CHECK(end.stopped);
  CHECK(end.signal == SIGTERM);
  CHECK(gone_soon(pid));
}

TEST_CASE("a command runs as another user, without our groups and capabilities") {
  if (::geteuid() != 0) return;  // only root may
  Command::Spec spec = shell("id -u; id -g; id -G; grep -E 'CapEff|CapAmb' /proc/self/status");
  spec.user = Command::User{.uid = 65534, .gid = 65534, .groups = {65534}};
  CHECK(end_of(spec).output ==
        "65534\n65534\n65534\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
}
