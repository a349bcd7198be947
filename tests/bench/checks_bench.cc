// SPDX-License-Identifier: Apache-2.0
// 200 checks of 10 s on one node, for a minute: what they cost the agent's process and their own,
// how their starts are spread, and how long the loop stands still. Before that: one start by
// libuv's fork against one of ours, with as much memory in use as an agent has.
//
//   checks_bench [CHECKS] [SECONDS]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "health/command_checks.hh"
#include "loop/child.hh"
#include "loop/turn_watch.hh"
#include "machine.hh"

using namespace farmhand;

namespace {

using Steady = std::chrono::steady_clock;
constexpr size_t kAgentBytes = 16 << 20;
constexpr int kStarts = 200;

double cpu_seconds(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Counter final : CommandChecks::Listener {
  void on_finding(const std::string&, const std::string&, const Finding& finding) override {
    ++findings;
    if (finding.verdict != Verdict::kOk) ++not_ok;
  }
  void on_source_gone(const std::string&) override {}
  uint64_t findings = 0;
  uint64_t not_ok = 0;
};

void print_starts(const char* name, std::vector<double>& us) {
  std::sort(us.begin(), us.end());
  std::printf("%-34s %8.0f µs median %8.0f µs p99 %8.0f µs most\n", name, us[us.size() / 2],
              us[us.size() * 99 / 100], us.back());
}

// How long the loop stands still for one start.
void compare_starts() {
  Loop loop;
  std::vector<double> by_fork;
  std::vector<double> by_us;
  for (int i = 0; i < kStarts; ++i) {
    bool ended = false;
    const auto from = Steady::now();
    auto child = Child::start(loop, {{"/bin/true"}, {}, {-1, -1, -1}, {}, {}},
                              [&](Child::Exit) { ended = true; });
    by_fork.push_back(std::chrono::duration<double, std::micro>(Steady::now() - from).count());
    while (child.ok() && !ended) loop.run_once();
    ended = false;
    Command::Spec spec;
    spec.argv = {"/bin/true"};
    const auto then = Steady::now();
    auto command = Command::start(loop, spec, [&](const Command::End&) { ended = true; });
    by_us.push_back(std::chrono::duration<double, std::micro>(Steady::now() - then).count());
    while (command.ok() && !ended) loop.run_once();
  }
  print_starts("one start by uv_spawn (fork)", by_fork);
  print_starts("one start of a command (ours)", by_us);
}

// The starts seen from outside: the count of them, looked at every millisecond.
struct Starts {
  std::vector<double> at_ms;
  size_t most_within(double span_ms) const {
    size_t most = 0;
    for (size_t first = 0, last = 0; last < at_ms.size(); ++last) {
      while (at_ms[last] - at_ms[first] >= span_ms) ++first;
      most = std::max(most, last - first + 1);
    }
    return most;
  }
};

void run_checks(int count, int seconds) {
  Loop loop;
  SystemClock clock;
  std::optional<TurnWatch> turns(loop);
  Counter counter;
  Starts starts;
  CommandChecks checks(loop, clock, 1, counter);
  std::vector<CommandDefinition> definitions(static_cast<size_t>(count));
  for (size_t i = 0; i < definitions.size(); ++i) {
    definitions[i].name = "check" + std::to_string(i);
    definitions[i].argv = {"/bin/sh", "-c", "echo 'OK | value=1;2;3'"};
    definitions[i].interval = std::chrono::seconds(10);
  }
  const double own = cpu_seconds(RUSAGE_SELF);
  const double theirs = cpu_seconds(RUSAGE_CHILDREN);
  checks.set(std::move(definitions));
  const auto from = Steady::now();
  const auto passed_ms = [&] {
    return std::chrono::duration<double, std::milli>(Steady::now() - from).count();
  };
  uint64_t seen = 0;
  Timer end(loop);
  bool over = false;
  end.once(static_cast<uint64_t>(seconds) * 1000, [&] { over = true; });
  while (!over && loop.run_once()) {
    for (; seen < checks.counts().started; ++seen) starts.at_ms.push_back(passed_ms());
  }
  const double wall = passed_ms() / 1000;
  std::printf("%d checks of 10 s for %.0f s: %zu starts, %llu findings, %llu not ok, %llu missed\n",
              count, wall, starts.at_ms.size(), static_cast<unsigned long long>(counter.findings),
              static_cast<unsigned long long>(counter.not_ok),
              static_cast<unsigned long long>(checks.counts().missed));
  std::printf("CPU of this process                %8.2f %% of a core\n",
              (cpu_seconds(RUSAGE_SELF) - own) / wall * 100);
  std::printf("CPU of the checks                  %8.2f %% of a core\n",
              (cpu_seconds(RUSAGE_CHILDREN) - theirs) / wall * 100);
  std::printf("most starts within 100 ms          %8zu (evenly: %.1f)\n", starts.most_within(100),
              count / 100.0);
  std::printf("longest turn of the loop           %8.2f ms (aim: 5)\n",
              static_cast<double>(turns->longest_ns()) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 200;
  const int seconds = argc > 2 ? std::atoi(argv[2]) : 60;
  std::printf("%s\n", cpu_model().c_str());
  const std::unique_ptr<char[]> ballast(new char[kAgentBytes]);
  std::memset(ballast.get(), 1, kAgentBytes);
  compare_starts();
  run_checks(count, seconds);
  return ballast[0] - 1;
}
