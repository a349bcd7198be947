// SPDX-License-Identifier: Apache-2.0
// The real farmhand-plugin-host with real bad plugins (tests/bad_plugins). What must hold: a fault
// costs the device at fault and no other, its reason is shown, and it comes back by itself.
#include <doctest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <array>

#include "plugin_fixture.hh"

using namespace farmhand;

namespace {

constexpr uint64_t kTwoIntervalsNs = 2'000'000'000;  // an interval is at least a second here

PluginSettings with_deadline(uint64_t ms) {
  PluginSettings settings;
  settings.deadline_ms = ms;
  return settings;
}

// Processes in the group that are more than their exit status.
bool group_lives(pid_t group) {
  const std::string words =
      "ps -o stat= -o pgid= -e | grep -v ^Z | grep -q ' " + std::to_string(group) + "$'";
  return ::system(words.c_str()) == 0;
}

bool within(uint64_t limit_ms, const std::function<bool()>& holds) {
  for (uint64_t ms = 0; ms < limit_ms && !holds(); ms += 10) ::usleep(10'000);
  return holds();
}

}  // namespace

TEST_CASE("the verified file is what runs, whatever happens to its path") {
  Stage stage("hang_sample", with_deadline(150));
  stage.start();
  REQUIRE(stage.until_both_are_read());
  ::unlink(stage.folder().file("hang_sample.so").c_str());
  stage.set_fault(true);
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  const uint64_t before = stage.device("b").count;
  CHECK(stage.until([&] { return stage.device("b").count > before + 3; }));
}

TEST_CASE(
    "a device whose call hangs is unknown within two intervals, its sibling is read on, and it "
    "comes back by itself") {
  Stage stage("hang_sample");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  const pid_t before = stage.status().pid;
  const uint64_t fault_ns = stage.heard.clock.boottime_ns();
  stage.set_fault(true);
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  CHECK(stage.heard.clock.boottime_ns() - fault_ns < kTwoIntervalsNs);
  CHECK(contains(stage.device("a").unknown, "'sample' call for a did not return by its deadline"));
  REQUIRE(stage.until([&] { return stage.status().pid != before && stage.status().pid != 0; }));
  stage.run_for(1'000);
  REQUIRE(stage.status().quarantined.size() == 1);
  CHECK(stage.status().quarantined[0].key == "a");
  CHECK(stage.status().quarantined[0].failures > 1);  // it was tried, and hung again
  CHECK(stage.device("b").unknown.empty());
  CHECK(stage.device("b").longest_gap_ns < kTwoIntervalsNs);
  CHECK(stage.heard.devices.size() == 2);

  stage.set_fault(false);
  REQUIRE(stage.until([&] { return stage.device("a").unknown.empty(); }));
  CHECK(stage.until_both_are_read());
  CHECK(stage.status().quarantined.empty());
  CHECK(stage.device("b").times_unknown == 0);
  CHECK(stage.device("b").longest_gap_ns < kTwoIntervalsNs);
}

TEST_CASE(
    "a plugin that cannot keep off one device alone: all are unknown, none is missing, and all "
    "come "
    "back") {
  Stage stage("blind_excluded");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  stage.set_fault(true);
  REQUIRE(stage.until([&] {
    return contains(stage.device("b").unknown, "cannot be kept off alone") &&
           contains(stage.device("a").unknown, "did not return by its deadline");
  }));
  stage.run_for(1'000);
  CHECK(stage.heard.devices.size() == 2);
  stage.set_fault(false);
  REQUIRE(stage.until(
      [&] { return stage.device("a").unknown.empty() && stage.device("b").unknown.empty(); }));
  CHECK(stage.until_both_are_read());
  CHECK(stage.heard.devices.size() == 2);
}

TEST_CASE(
    "a call that heeds its cancel token costs its device a reading and the plugin no process") {
  Stage stage("heeds_cancel", with_deadline(150));
  stage.start();
  REQUIRE(stage.until_both_are_read());
  const pid_t before = stage.status().pid;
  stage.set_fault(true);
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  CHECK(stage.device("a").unknown == "cancelled: the card took too long");
  const uint64_t count = stage.device("b").count;
  CHECK(stage.until([&] { return stage.device("b").count > count + 5; }));
  CHECK(stage.status().pid == before);
  CHECK(stage.status().quarantined.empty());
  stage.set_fault(false);
  CHECK(stage.until_both_are_read());
}

TEST_CASE("stopping cancels the calls under way") {
  std::optional<Stage> stage(std::in_place, "heeds_cancel", with_deadline(20'000));
  stage->start();
  REQUIRE(stage->until_both_are_read());
  stage->set_fault(true);
  stage->run_for(200);
  const uint64_t begin_ns = SystemClock().boottime_ns();
  stage.reset();
  CHECK(SystemClock().boottime_ns() - begin_ns < 800'000'000);  // killed only after stop_ms
}

TEST_CASE("of devices that wait for one lock only the one that holds it is blamed") {
  Stage stage("hang_lock");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  stage.set_fault(true);
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  const uint64_t count = stage.device("b").count;
  CHECK(stage.until([&] { return stage.device("b").count > count + 5; }));
  CHECK(stage.device("b").times_unknown == 0);
  CHECK(stage.device("b").longest_gap_ns < kTwoIntervalsNs);
}

TEST_CASE("a crash costs the device it happened for, however the plugin dies") {
  for (const char* name : {"crash_sample", "exit_sample", "overflow_sample"}) {
    CAPTURE(name);
    Stage stage(name);
    stage.start();
    REQUIRE(stage.until_both_are_read());
    stage.set_fault(true);
    REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
    CHECK(contains(stage.device("a").unknown, "'sample' call for a crashed"));
    stage.set_fault(false);
    REQUIRE(stage.until([&] { return stage.device("a").unknown.empty(); }, 2'000));
    CHECK(stage.until_both_are_read());
    CHECK(stage.status().crashes >= 1);
    CHECK(stage.device("b").times_unknown == 0);
    CHECK(stage.device("b").longest_gap_ns < kTwoIntervalsNs);
  }
}

TEST_CASE("a device that crashes its host before it was ever read is shown, and unknown") {
  Stage stage("crash_metrics");
  stage.set_fault(true);
  stage.start();
  REQUIRE(stage.until([&] { return stage.device("b").count > 2; }));
  CHECK(stage.heard.devices.size() == 2);
  CHECK(contains(stage.device("a").unknown, "'metrics' call for a crashed"));
  stage.set_fault(false);
  CHECK(stage.until_both_are_read());
}

TEST_CASE("a plugin that dies in a call for no device waits longer each time and comes back") {
  for (const char* name : {"crash_start", "crash_enumerate"}) {
    CAPTURE(name);
    Stage stage(name);
    stage.set_fault(true);
    stage.start();
    REQUIRE(stage.until([&] { return stage.status().restarts >= 2; }));
    CHECK(contains(stage.status().last_error, "crashed: the plugin host was ended by signal 11"));
    stage.set_fault(false);
    CHECK(stage.until_both_are_read());
  }
}

TEST_CASE("a plugin that always crashes in create is retried ever more slowly") {
  Stage stage("crash_create");
  stage.start();
  stage.run_for(1'200);
  CHECK(stage.status().state != PluginState::kRunning);
  CHECK(stage.status().restarts <= 4);  // after 100, 200, 400, 800 ms
  CHECK(contains(stage.status().last_error, "'create' call crashed"));
}

TEST_CASE("a start that hangs is ended and tried again") {
  Stage stage("hang_start");
  stage.set_fault(true);
  stage.start();
  REQUIRE(stage.until([&] { return stage.status().state == PluginState::kBackoff; }));
  CHECK(contains(stage.status().last_error, "'start' call did not return by its deadline"));
  stage.set_fault(false);
  CHECK(stage.until_both_are_read());
}

TEST_CASE("an enumeration that hangs leaves the known devices readable") {
  Stage stage("hang_enumerate");
  stage.set_fault(true);
  stage.start();
  REQUIRE(stage.until_both_are_read());
  REQUIRE(stage.until([&] { return contains(stage.status().last_error, "'enumerate'"); }));
  stage.run_for(1'000);
  CHECK(stage.device("a").times_unknown == 0);
  CHECK(stage.device("b").times_unknown == 0);
  CHECK(stage.device("a").longest_gap_ns < kTwoIntervalsNs);
}

TEST_CASE("a host that is killed from outside is replaced and no device is blamed") {
  Stage stage("good");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  const pid_t before = stage.status().pid;
  ::kill(before, SIGKILL);
  REQUIRE(stage.until([&] { return stage.status().pid != before && stage.status().pid != 0; }));
  CHECK(stage.until_both_are_read());
  CHECK(stage.status().quarantined.empty());
  CHECK(stage.device("a").times_unknown == 0);
  CHECK(stage.device("a").longest_gap_ns < kTwoIntervalsNs);
}

TEST_CASE("a host that is stopped is replaced: it does not take calls") {
  Stage stage("good", with_deadline(150));
  stage.start();
  REQUIRE(stage.until_both_are_read());
  const pid_t before = stage.status().pid;
  ::kill(before, SIGSTOP);
  REQUIRE(stage.until([&] { return stage.status().pid != before && stage.status().pid != 0; }));
  CHECK(stage.until_both_are_read());
  CHECK(stage.status().quarantined.empty());
}

TEST_CASE(
    "a device that fails in order is unknown with the plugin's words, and back with its first "
    "reading") {
  Stage stage("lose_sample");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  const pid_t host = stage.status().pid;
  stage.set_fault(true);
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  CHECK(stage.device("a").unknown == "device lost: it fell off the bus (vendor code 79)");
  stage.set_fault(false);
  CHECK(stage.until_both_are_read());
  CHECK(stage.device("a").times_back == 1);
  CHECK(stage.status().pid == host);
}

TEST_CASE("nonsense on the channel ends the host and not the agent") {
  Stage stage("scribble");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  stage.set_fault(true);
  REQUIRE(stage.until([&] { return contains(stage.status().last_error, "memory is damaged"); }));
  stage.set_fault(false);
  CHECK(stage.until_both_are_read());
}

TEST_CASE("a plugin over its CPU budget is replaced, and waits when it is over it again") {
  PluginSettings settings;
  settings.cpu_max_percent = 5;  // of a core that others may be using too
  Stage stage("spin", settings);
  stage.set_fault(true);
  stage.start();
  REQUIRE(stage.until([&] { return contains(stage.status().last_error, "% of a core"); }));
  REQUIRE(stage.until([&] { return stage.status().state == PluginState::kBackoff; }));
  stage.set_fault(false);
  CHECK(stage.until_both_are_read());
  CHECK(stage.status().cpu_ns > 100'000'000);
}

TEST_CASE("a plugin over its memory budget is replaced while it is read") {
  PluginSettings settings;
  settings.memory_max_bytes = 64 << 20;
  Stage stage("leak", settings);
  stage.set_fault(true);
  stage.start();
  REQUIRE(stage.until([&] { return contains(stage.status().last_error, "MiB"); }));
  stage.set_fault(false);
  CHECK(stage.until_both_are_read());
  CHECK(stage.status().restarts >= 1);
  CHECK(stage.device("b").longest_gap_ns < kTwoIntervalsNs);
}

TEST_CASE("what a plugin started dies with its host") {
  Stage stage("child_sample", with_deadline(150));
  stage.start();
  REQUIRE(stage.until_both_are_read());
  const auto children = [] { return ::system("pgrep -f 'sleep 98765[4]' >/dev/null") == 0; };
  stage.set_fault(true);
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  stage.set_fault(false);
  REQUIRE(stage.until([&] { return stage.device("a").unknown.empty(); }));
  CHECK(stage.until([&] { return !children(); }, 2'000));
}

TEST_CASE("an agent that is killed takes its hosts and their children with it") {
  std::array<int, 2> pipe;
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t agent = ::fork();
  if (agent == 0) {
    Stage stage("child_sample");
    stage.start();
    stage.until_both_are_read();
    stage.set_fault(true);
    stage.run_for(200);
    const pid_t host = stage.status().pid;
    [[maybe_unused]] const ssize_t n = ::write(pipe[1], &host, sizeof host);
    stage.run_for(60'000);
    ::_exit(1);
  }
  pid_t host = 0;
  REQUIRE(::read(pipe[0], &host, sizeof host) == sizeof host);
  REQUIRE(host > 0);
  CHECK(group_lives(host));
  ::kill(agent, SIGKILL);
  ::waitpid(agent, nullptr, 0);
  CHECK(within(3'000, [&] { return !group_lives(host); }));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_CASE("a host that does not die is parked and counted, and stopping does not wait for it") {
  std::optional<Stage> stage(std::in_place, "good");
  stage->start();
  REQUIRE(stage->until_both_are_read());
  const pid_t stuck = stage->status().pid;
  // A traced process is gone for its parent only when its tracer has seen it go: from outside it
  // looks like one that the kernel does not let go of.
  const pid_t tracer = ::fork();
  if (tracer == 0) {
    if (::ptrace(PTRACE_SEIZE, stuck, nullptr, nullptr) != 0) ::_exit(1);
    for (;;) ::pause();
  }
  stage->run_for(200);
  if (::waitpid(tracer, nullptr, WNOHANG) == 0) {
    ::kill(stuck, SIGSTOP);  // it takes no calls; it is given up and killed
    REQUIRE(stage->until([&] { return stage->status().parked_hosts == 1; }));
    CHECK(stage->until_both_are_read());
    CHECK(stage->status().pid != stuck);
    const uint64_t begin_ns = SystemClock().boottime_ns();
    stage.reset();
    CHECK(SystemClock().boottime_ns() - begin_ns < 1'000'000'000);
    ::kill(tracer, SIGKILL);
    ::waitpid(tracer, nullptr, 0);
  } else {
    MESSAGE("not shown: this machine does not allow tracing");
  }
  ::waitpid(stuck, nullptr, 0);
}

TEST_CASE("a quarantined device can be tried at once, and removal tells an empty list") {
  Stage stage("hang_sample", with_deadline(100));
  stage.start();
  REQUIRE(stage.until_both_are_read());
  CHECK_FALSE(stage.supervisor().retry("a"));
  stage.set_fault(true);
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  CHECK(stage.supervisor().retry("a"));
  stage.supervisor().remove("bad");
  CHECK(stage.heard.devices.empty());
  CHECK(stage.supervisor().plugins().empty());
  const uint32_t id = 1;
  CHECK(stage.supervisor().sample("a", {&id, 1}).error().code == Errc::kNotFound);
}

TEST_CASE("a device that is let go is in no process of the plugin any more, until it is taken up") {
  Stage stage("good");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  const pid_t before = stage.status().pid;
  REQUIRE(stage.supervisor().let_go("a", "quiesced for a driver change"));
  CHECK(stage.device("a").unknown == "quiesced for a driver change");
  REQUIRE(stage.until([&] { return stage.status().pid != before && stage.status().pid != 0; }));
  REQUIRE(stage.until(
      [&, count = stage.device("b").count] { return stage.device("b").count > count + 5; }));
  CHECK(stage.device("b").times_unknown == 0);
  CHECK(stage.device("a").times_back == 0);
  CHECK(stage.heard.devices.size() == 2);  // it is let go, not gone
  CHECK(stage.status().quarantined.empty());
  // Also a host that is started for another reason keeps off it.
  const pid_t second = stage.status().pid;
  ::kill(second, SIGKILL);
  REQUIRE(stage.until([&] { return stage.status().pid != second && stage.status().pid != 0; }));
  stage.run_for(600);
  CHECK(stage.device("a").times_back == 0);
  stage.supervisor().take_up("a");
  CHECK(stage.until([&] { return stage.device("a").unknown.empty(); }));
  CHECK(stage.until_both_are_read());
  CHECK_FALSE(stage.supervisor().let_go("c", "no such device"));
}
