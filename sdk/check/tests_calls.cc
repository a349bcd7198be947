// SPDX-License-Identifier: Apache-2.0
// Deadlines, cancelling, several calls at once.
#include <unistd.h>
#include <farmhand/call.hh>

#include <thread>

#include "drive.hh"
#include "stage.hh"
#include "tests.hh"

namespace farmhand::check {

namespace {

constexpr uint64_t kCancelMaxMs = 1000;
constexpr int kCancels = 60;

void deadlines_are_kept(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings, Mood{.deadline_ms = 500});
  if (!opened(context, rig)) return;
  visit(rig, 16);
  adopt(context, Topic::kTime);
}

void deadline_has_passed(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  const auto known = know(rig);
  rig.mood.deadline_ms = 0;
  for (int round = 0; round < 3; ++round) {
    enumerate(rig);
    if (!known.empty()) sample(rig, known[0].device.handle, known[0].ids());
    if (!known.empty()) check(rig, known[0].device.handle);
    wait(rig);
  }
  adopt(context, Topic::kTime);
}

// One call in a thread, cancelled after a moment; how long it took to come back from then on.
uint64_t cancelled_after(Rig& rig, useconds_t moment_us, const std::function<void()>& call) {
  rig.cancelled = false;
  std::atomic<bool> back{false};
  std::thread thread([&] {
    call();
    back = true;
  });
  usleep(moment_us);
  rig.cancelled = true;
  const uint64_t begin_ns = boottime_ns();
  while (!back && boottime_ns() - begin_ns < 20'000'000'000u) usleep(500);
  const uint64_t took_ms = (boottime_ns() - begin_ns) / 1'000'000;
  thread.join();
  rig.cancelled = false;
  return took_ms;
}

void cancelled_at_random(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  const auto known = know(rig);
  const uint32_t device = known.empty() ? FH_NO_DEVICE : known[0].device.handle;
  const auto ids = known.empty() ? std::vector<uint32_t>() : known[0].ids();
  const std::function<void()> calls[] = {[&] { enumerate(rig); }, [&] { wait(rig); },
                                         [&] {
                                           if (!known.empty()) sample(rig, device, ids);
                                         },
                                         [&] {
                                           if (!known.empty()) check(rig, device);
                                         }};
  for (int i = 0; i < kCancels; ++i) {
    const auto moment_us = static_cast<useconds_t>(context.random() % 20000);
    const uint64_t took_ms = cancelled_after(rig, moment_us, calls[context.random() % 4]);
    if (took_ms > kCancelMaxMs) {
      FH_FIND(context.findings,
              "a call went on for %llu ms after it was cancelled: ask cancelled() between steps",
              static_cast<unsigned long long>(took_ms));
      break;
    }
  }
  if (!known.empty() && sample(rig, device, ids) != FH_OK) {
    FH_FIND(context.findings, "after cancelled calls the device cannot be sampled: %s",
            rig.error.c_str());
  }
}

void stopped_while_blocked(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings, Mood{.deadline_ms = 15000});
  if (!opened(context, rig)) return;
  const auto known = know(rig);
  const uint64_t took_ms = cancelled_after(rig, 200'000, [&] {
    if (wait(rig) == FH_E_UNSUPPORTED && !known.empty()) {
      sample(rig, known[0].device.handle, known[0].ids());
    }
  });
  if (took_ms > kCancelMaxMs) {
    FH_FIND(context.findings,
            "events.wait blocked for %llu ms after cancel, so stop has to wait for it: look at "
            "cancelled() every 100 ms",
            static_cast<unsigned long long>(took_ms));
  }
  rig.stop();
  adopt(context, Topic::kErrors);
}

void devices_at_once(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  auto known = know(rig);
  if (known.empty()) return context.findings.skip("no devices here");
  if (known.size() > 8) known.resize(8);
  std::vector<std::thread> threads;
  for (const Known& each : known) {
    threads.emplace_back([&rig, each] {
      for (int i = 0; i < 50; ++i) sample(rig, each.device.handle, each.ids());
      check(rig, each.device.handle);
    });
  }
  threads.emplace_back([&rig] {
    for (int i = 0; i < 10; ++i) enumerate(rig);
  });
  for (std::thread& thread : threads) thread.join();
  adopt(context, Topic::kRecords);
  adopt(context, Topic::kLate);
}

void floods_nothing(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  for (int i = 0; i < 10; ++i) visit(rig, 1);
  if (rig.log_lines > 200) {
    FH_FIND(context.findings, "it wrote %u log lines in ten rounds of calls: log what is new",
            rig.log_lines.load());
  }
  adopt(context, Topic::kFlood);
}

constexpr Test kTests[] = {
    {"deadline", "R18", "every call returns by its deadline", deadlines_are_kept},
    {"deadline-zero", "R18", "a deadline that has passed ends the call at once",
     deadline_has_passed},
    {"cancel", "R18", "a call cancelled at any moment ends soon and harms nothing",
     cancelled_at_random},
    {"stop-blocked", "R17", "a blocked call can be cancelled and the instance stopped",
     stopped_while_blocked},
    {"concurrent", "R16", "devices are sampled at once while others are listed", devices_at_once},
    {"flood", "R14", "records, events and log lines stay within their bounds", floods_nothing},
};

}  // namespace

std::span<const Test> call_tests() {
  return kTests;
}

}  // namespace farmhand::check
