// SPDX-License-Identifier: Apache-2.0
// Birth and death, once, twice and a thousand times, and what is left over.
#include <unistd.h>
#include <farmhand/call.hh>

#include "drive.hh"
#include "footprint.hh"
#include "stage.hh"
#include "tests.hh"

namespace farmhand::check {

namespace {

constexpr int64_t kLeakMax = 4096;        // per half of the rounds: less than 10 bytes a round
constexpr int64_t kLeakHuge = 256 << 20;  // no need to fill the machine to prove it
constexpr uint64_t kPatienceNs = 15'000'000'000;

using Round = std::function<bool()>;  // false: cannot go on

// Grows in both halves alike: a leak. In the first only: a cache that filled.
void find_leak(Context& context, int rounds, int warm_up, const char* what, const Round& round) {
  const uint64_t begin_ns = boottime_ns();
  const auto heap_at_first = static_cast<int64_t>(heap_bytes());
  int done = 0;
  const auto run = [&](int count) {
    for (int i = 0; i < count && boottime_ns() - begin_ns < kPatienceNs; ++i, ++done) {
      const bool huge = static_cast<int64_t>(heap_bytes()) - heap_at_first > kLeakHuge;
      if (huge || !round()) return;
    }
  };
  run(warm_up);
  const auto files = open_files();
  int64_t growth[2] = {};
  for (int64_t& each : growth) {
    const auto before = static_cast<int64_t>(heap_bytes());
    run(rounds / 2);
    each = static_cast<int64_t>(heap_bytes()) - before;
  }
  const auto grown = static_cast<int64_t>(heap_bytes()) - heap_at_first;
  if (grown > kLeakHuge) {
    FH_FIND(context.findings, "%s leaks memory: %lld MiB in %d rounds", what,
            static_cast<long long>(grown >> 20), done);
  } else if (growth[0] > kLeakMax && growth[1] > kLeakMax) {
    FH_FIND(context.findings, "%s leaks memory: %lld bytes over the last %d rounds", what,
            static_cast<long long>(growth[0] + growth[1]), done - warm_up);
  }
  for (const auto& [fd, target] : open_files()) {
    if (files.contains(fd)) continue;
    FH_FIND(context.findings, "%s leaks descriptors: %d (%s) is still open", what, fd,
            target.c_str());
  }
}

void lives(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (rig.create() != FH_OK) {
    return FH_FIND(context.findings, "create failed: %s (give its settings with --setting)",
                   rig.error.c_str());
  }
  if (rig.start() != FH_OK) return context.findings.skip("start failed: " + rig.error);
  visit(rig);
  rig.stop();
  rig.destroy();
}

void starts_again(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  const auto first = know(rig);
  rig.stop();
  if (rig.start() != FH_OK) {
    return FH_FIND(context.findings, "start after stop failed: %s", rig.error.c_str());
  }
  if (know(rig).size() != first.size()) {
    FH_FIND(context.findings, "after stop and start it lists another number of devices");
  }
}

void creates_two(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  const Mood recalled{.lending = Lending::kRecalled};  // a kept fh_host of the other is a fault
  Rig one(*entry, context.findings, context.options.settings, recalled);
  if (!opened(context, one)) return;
  const size_t devices = know(one).size();
  {
    Rig two(*entry, context.findings, context.options.settings, recalled);
    if (two.create() != FH_OK) {
      return FH_FIND(context.findings, "a second create in one process failed: %s",
                     two.error.c_str());
    }
    if (two.start() != FH_OK) {
      return FH_FIND(context.findings, "the second instance does not start");
    }
    know(two);
  }
  if (know(one).size() != devices) {
    FH_FIND(context.findings, "the end of one instance changed another: keep no globals");
  }
}

void creates_thousand(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig first(*entry, context.findings, context.options.settings);
  if (first.create() != FH_OK) return context.findings.skip("create failed: " + first.error);
  first.destroy();
  find_leak(context, 900, 100, "create and destroy", [&] {
    Rig rig(*entry, context.findings, context.options.settings);
    return rig.create() == FH_OK;
  });
}

void life_leaks_nothing(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  {
    Rig first(*entry, context.findings, context.options.settings);
    if (!opened(context, first)) return;
  }
  find_leak(context, 40, 10, "a whole life", [&] {
    Rig rig(*entry, context.findings, context.options.settings);
    if (!opened(context, rig)) return false;
    for (const Known& each : know(rig)) {
      sample(rig, each.device.handle, each.ids());
      break;
    }
    return true;
  });
}

void calls_leak_nothing(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  const auto known = know(rig);
  if (known.empty()) return context.findings.skip("no devices here");
  const uint32_t device = known[0].device.handle;
  const auto ids = known[0].ids();
  find_leak(context, 1000, 400, "sample", [&] {
    sample(rig, device, ids);
    return true;
  });
  find_leak(context, 400, 300, "enumerate", [&] { return enumerate(rig) == FH_OK; });
  find_leak(context, 400, 300, "health.check", [&] { return check(rig, device) == FH_OK; });
}

void leaves_no_thread(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  const size_t before = thread_count();
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  visit(rig);
  rig.stop();
  for (int i = 0; i < 50 && thread_count() > before; ++i) usleep(10'000);
  if (thread_count() > before) {
    FH_FIND(context.findings, "%zu threads still run after stop: end and join them in stop",
            thread_count() - before);
  }
  if (!child_processes().empty()) {
    FH_FIND(context.findings, "a child process is left after stop: end and reap it in stop");
  }
}

constexpr Test kTests[] = {
    {"life", "R17", "an instance is created, started, used, stopped and destroyed", lives},
    {"restart", "R17", "a stopped instance starts again", starts_again},
    {"create-twice", "R17", "two instances live side by side", creates_two},
    {"create-1000", "R14", "a thousand instances leave no memory and no descriptor behind",
     creates_thousand},
    {"life-leak", "R14", "a whole life leaves no memory and no descriptor behind",
     life_leaks_nothing},
    {"call-leak", "R14", "calls leave no memory and no descriptor behind", calls_leak_nothing},
    {"threads-end", "R17", "after stop there is no thread and no child process left",
     leaves_no_thread},
};

}  // namespace

std::span<const Test> life_tests() {
  return kTests;
}

}  // namespace farmhand::check
