// SPDX-License-Identifier: Apache-2.0
// The further interfaces. What changes the hardware is asked for with --active only; without it
// just what must be refused is tried.
#include <farmhand/diag.h>
#include <farmhand/events.h>
#include <farmhand/health.h>
#include <farmhand/jobenv.h>
#include <farmhand/reset.h>
#include <farmhand/slice.h>
#include <farmhand/call.hh>

#include <algorithm>
#include <thread>

#include "drive.hh"
#include "tests.hh"

namespace farmhand::check {

namespace {

constexpr uint32_t kNoSuchHandle = 0x7ffffff0;
constexpr uint64_t kBudgetNs = 2'000'000'000;

// Runs the body with a started instance that offers the interface.
void with_ability(Context& context, const char* id,
                  void (*body)(Context&, Rig&, const std::vector<Known>&)) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig)) return;
  if (rig.query(id) == nullptr)
    return context.findings.skip("it does not offer " + std::string(id));
  body(context, rig, know(rig));
  adopt(context, Topic::kRecords);
  adopt(context, Topic::kErrors);
}

void health(Context& context) {
  with_ability(context, FH_HEALTH_ID, [](Context& c, Rig& rig, const auto& known) {
    for (const Known& each : known) {
      if (check(rig, each.device.handle) != FH_OK) continue;
      auto first = rig.last().names;
      if (check(rig, each.device.handle) != FH_OK) continue;
      auto second = rig.last().names;
      std::sort(first.begin(), first.end());
      std::sort(second.begin(), second.end());
      if (first != second) {
        FH_FIND(c.findings, "'%s' has other checks each time: emit each check always, OK too",
                each.device.key.c_str());
      }
    }
    if (check(rig, kNoSuchHandle) == FH_OK && !rig.last().names.empty()) {
      FH_FIND(c.findings, "health.check judges a handle that it never gave out");
    }
  });
}

void events(Context& context) {
  with_ability(context, FH_EVENTS_ID, [](Context& c, Rig& rig, const auto&) {
    constexpr uint64_t kWaitMs = 300;
    rig.mood.deadline_ms = kWaitMs;
    for (int i = 0; i < 4; ++i) {
      const uint64_t begin_ns = boottime_ns();
      const int32_t status = wait(rig);
      const uint64_t took_ms = (boottime_ns() - begin_ns) / 1'000'000;
      const bool some = !rig.last().wholes.empty();
      if (status == FH_OK && !some) {
        FH_FIND(c.findings,
                "events.wait returned FH_OK without an event: wait on, until one comes "
                "or the deadline with FH_E_TIMEOUT");
      }
      if (status == FH_E_TIMEOUT && took_ms < kWaitMs / 2) {
        FH_FIND(c.findings,
                "events.wait gave up %llu ms before its deadline, so it would be called "
                "in a tight loop",
                static_cast<unsigned long long>(kWaitMs - took_ms));
      }
      if (status == FH_E_TIMEOUT && some) {
        FH_FIND(c.findings,
                "events.wait emitted events and returned FH_E_TIMEOUT: they would be "
                "lost; return FH_OK");
      }
      if (status != FH_OK && status != FH_E_TIMEOUT) break;
    }
    adopt(c, Topic::kTime);
  });
}

void prepare_twice(Context& context, Rig& rig, const std::vector<Known>& known) {
  LeaseIdea lease{"farmhand-plugin-check", {}, {}};
  for (const Known& each : known) {
    if (each.device.device_kind != FH_DEVICE_ACCELERATOR) continue;
    lease.devices = {each.device.handle};
    break;
  }
  if (lease.devices.empty()) return;
  const int32_t first_status = prepare(rig, lease);
  const auto first = rig.last().wholes;
  const int32_t second_status = prepare(rig, lease);
  if (first_status != second_status || rig.last().wholes != first) {
    FH_FIND(context.findings, "preparing one lease twice gives something else: it is idempotent");
  }
  if (first_status == FH_OK && first.empty()) {
    FH_FIND(context.findings, "jobenv.prepare emits no node, variable or mount");
  }
  if (release(rig, lease) != FH_OK || release(rig, lease) != FH_OK) {
    FH_FIND(context.findings, "releasing a lease, and once more, is FH_OK: %s", rig.error.c_str());
  }
}

void jobenv(Context& context) {
  with_ability(context, FH_JOBENV_ID, [](Context& c, Rig& rig, const auto& known) {
    if (release(rig, {"never-prepared", {}, {}}) != FH_OK) {
      FH_FIND(c.findings, "releasing a lease that was never prepared is FH_OK: %s",
              rig.error.c_str());
    }
    if (prepare(rig, {"no-such-device", {kNoSuchHandle}, {}}) == FH_OK) {
      FH_FIND(c.findings, "jobenv.prepare takes a handle that it never gave out");
    }
    release(rig, {"no-such-device", {kNoSuchHandle}, {}});
    if (c.options.active) prepare_twice(c, rig, known);
  });
}

void run_quick_tests(Context& context, Rig& rig, uint32_t device) {
  const auto names = rig.last().names;
  rig.mood.deadline_ms = 20000;
  for (const std::string& name : names) {
    if (run_test(rig, device, name, kBudgetNs) != FH_OK) continue;
    const auto& verdicts = rig.last().names;
    if (verdicts.size() != 1 || verdicts[0] != name) {
      FH_FIND(context.findings, "diag.run of '%s' gives %zu verdicts: exactly one, of that name",
              name.c_str(), verdicts.size());
    }
  }
}

void diag(Context& context) {
  with_ability(context, FH_DIAG_ID, [](Context& c, Rig& rig, const auto& known) {
    for (const Known& each : known) {
      const uint32_t device = each.device.handle;
      if (run_test(rig, device, "no.such.test", kBudgetNs) == FH_OK) {
        FH_FIND(c.findings, "diag.run runs a test that it never listed: return FH_E_INVALID");
      }
      if (tests(rig, device) != FH_OK) continue;
      if (c.options.active) run_quick_tests(c, rig, device);
    }
    if (run_test(rig, kNoSuchHandle, "no.such.test", kBudgetNs) == FH_OK) {
      FH_FIND(c.findings, "diag.run takes a handle that it never gave out");
    }
  });
}

void resets(Context& context) {
  with_ability(context, FH_RESET_ID, [](Context& c, Rig& rig, const auto& known) {
    for (const Known& each : known) {
      reset_kinds(rig, each.device.handle);
      const auto kinds = rig.last().reset_kinds;
      if (reset(rig, each.device.handle, 9999) == FH_OK) {
        FH_FIND(c.findings, "reset.reset takes a kind that does not exist: FH_E_UNSUPPORTED");
      }
      if (!c.options.active || kinds.empty()) continue;
      rig.mood.deadline_ms = 30000;
      reset(rig, each.device.handle, *std::min_element(kinds.begin(), kinds.end()));
    }
    if (reset(rig, kNoSuchHandle, FH_RESET_CONTEXT) == FH_OK) {
      FH_FIND(c.findings, "reset.reset takes a handle that it never gave out");
    }
  });
}

void slicing(Context& context) {
  with_ability(context, FH_SLICE_ID, [](Context& c, Rig& rig, const auto& known) {
    const std::string none[] = {"no-such-profile"};
    for (const Known& each : known) {
      slices(rig, each.device.handle);
      profiles(rig, each.device.handle);
      if (divide(rig, each.device.handle, none) == FH_OK) {
        FH_FIND(c.findings, "slice.apply takes a profile that it never listed");
      }
    }
    if (divide(rig, kNoSuchHandle, none) == FH_OK) {
      FH_FIND(c.findings, "slice.apply takes a handle that it never gave out");
    }
  });
}

constexpr Test kTests[] = {
    {"health", "R10", "each check is emitted each time, with reason and sentence unless OK",
     health},
    {"events", "R10", "waiting for events blocks until one comes or the deadline", events},
    {"jobenv", "R10", "prepare and release are idempotent and refuse what is not theirs", jobenv},
    {"diag", "R10", "tests give one verdict each and refuse what is not theirs", diag},
    {"reset", "R10", "only resets that were offered are carried out", resets},
    {"slice", "R10", "only profiles that were offered are applied", slicing},
};

}  // namespace

std::span<const Test> ability_tests() {
  return kTests;
}

}  // namespace farmhand::check
