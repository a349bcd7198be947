// SPDX-License-Identifier: Apache-2.0
// Struct sizes, borrowed memory, host services that fail, settings that are nonsense.
#include <farmhand/call.hh>

#include "drive.hh"
#include "stage.hh"
#include "tests.hh"

namespace farmhand::check {

namespace {

// The members that a host of any 1.x has: it cannot be told apart without them.
constexpr uint32_t kHostLeast = offsetof(fh_host, log);
constexpr uint32_t kConfigLeast = sizeof(uint32_t);

void try_size(Context& context, const fh_plugin_entry& entry, uint32_t host, uint32_t config) {
  Mood mood{.lending = Lending::kGuarded};
  mood.host_size = host;
  mood.config_size = config;
  Rig rig(entry, context.findings, context.options.settings, mood);
  if (rig.create() != FH_OK || rig.start() != FH_OK) return;
  const auto known = know(rig);
  if (!known.empty()) sample(rig, known[0].device.handle, known[0].ids());
}

void every_size(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  const uint64_t begin_ns = boottime_ns();
  const auto patient = [&] { return boottime_ns() - begin_ns < 30'000'000'000u; };
  for (uint32_t size = kHostLeast; size <= sizeof(fh_host) && patient(); ++size) {
    try_size(context, *entry, size, 0);
  }
  for (uint32_t size = kConfigLeast; size <= sizeof(fh_config) && patient(); ++size) {
    try_size(context, *entry, 0, size);
  }
}

// The whole walk with memory lent in a certain way.
void walk(Context& context, const Mood& mood) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings, mood);
  if (!opened(context, rig)) return;
  visit(rig);
}

void nothing_beyond_the_end(Context& context) {
  walk(context, Mood{.lending = Lending::kGuarded});
}

void nothing_kept(Context& context) {
  walk(context, Mood{.lending = Lending::kRecalled});
  adopt(context, Topic::kLate);
}

void newer_host(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  {
    Rig today(*entry, context.findings, context.options.settings);
    if (!opened(context, today)) return;
  }
  Rig rig(*entry, context.findings, context.options.settings, Mood{.newer = true});
  if (rig.create() != FH_OK || rig.start() != FH_OK) {
    return FH_FIND(
        context.findings,
        "it refuses a newer host (longer structs, minor 99): %s; a newer host is never a "
        "reason to refuse",
        rig.error.c_str());
  }
  visit(rig);
}

void emit_fails(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  for (const int32_t status : {FH_E_INVALID, FH_E_AGAIN, FH_E_INTERNAL, 4711}) {
    for (const uint32_t good : {0u, 1u, 5u}) {
      Mood mood;
      mood.emit_status = status;
      mood.emit_good = good;
      Rig rig(*entry, context.findings, context.options.settings, mood);
      if (!opened(context, rig)) return;
      enumerate(rig);
      rig.mood.emit_status = FH_OK;
      const auto known = know(rig);
      rig.mood.emit_status = status;
      for (const Known& each : known) {
        metrics(rig, each.device.handle);
        sample(rig, each.device.handle, each.ids());
        check(rig, each.device.handle);
      }
      visit(rig, 1);
    }
  }
  adopt(context, Topic::kTime);
}

void always_cancelled(Context& context) {
  walk(context, Mood{.always_cancelled = true});
  adopt(context, Topic::kTime);
}

void odd_settings(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  std::vector<std::string> keys = {"no-such-setting-at-all"};
  for (const std::string& key : context.manifest.settings) keys.push_back(key);
  for (const auto& [key, value] : context.options.settings) keys.push_back(key);
  const std::string values[] = {"",     "\xff\xfe\x80",         std::string(1 << 20, 'x'),
                                "-1",   "99999999999999999999", "%s%n%n",
                                ",,,,", "/nowhere/at/all"};
  for (const std::string& key : keys) {
    for (const std::string& value : values) {
      Settings settings = context.options.settings;
      std::erase_if(settings, [&](const auto& each) { return each.first == key; });
      settings.emplace_back(key, value);
      Rig rig(*entry, context.findings, settings, Mood{.lending = Lending::kGuarded});
      if (rig.create() == FH_OK && rig.start() == FH_OK) enumerate(rig);
    }
  }
  adopt(context, Topic::kErrors);
}

constexpr Test kTests[] = {
    {"struct-sizes", "R5", "fh_host and fh_config of every size are read no further than that",
     every_size},
    {"guard", "R5", "no argument is touched beyond its end", nothing_beyond_the_end},
    {"borrowed", "R14", "no argument is touched and nothing emitted after a call returned",
     nothing_kept},
    {"newer-host", "R8", "a newer host's longer structs are no reason to refuse", newer_host},
    {"emit-fails", "R14", "a host that refuses records harms nothing", emit_fails},
    {"cancelled-host", "R18", "a host that cancels every call harms nothing", always_cancelled},
    {"settings", "R15", "settings that are nonsense are refused with a sentence, or ignored",
     odd_settings},
};

}  // namespace

std::span<const Test> memory_tests() {
  return kTests;
}

}  // namespace farmhand::check
