// SPDX-License-Identifier: Apache-2.0
// Devices, metrics and samples: what is emitted is whole, consistent and honest.
#include <stdlib.h>
#include <farmhand/call.hh>

#include <algorithm>
#include <map>

#include "drive.hh"
#include "tests.hh"

namespace farmhand::check {

namespace {

constexpr uint32_t kNoSuchHandle = 0x7ffffff0;
constexpr uint32_t kNoSuchMetric = 65000;

// A started instance, for the tests below.
void with_started(Context& context, void (*body)(Context&, Rig&)) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  Rig rig(*entry, context.findings, context.options.settings);
  if (opened(context, rig)) body(context, rig);
}

template <Topic kTopic>
void tour_for(Context& context) {
  with_started(context, [](Context& c, Rig& rig) {
    visit(rig, 16);
    rig.stop();
    adopt(c, kTopic);
  });
}

void devices_are_stable(Context& context) {
  with_started(context, [](Context& c, Rig& rig) {
    if (enumerate(rig) != FH_OK) return c.findings.skip("enumerate failed: " + rig.error);
    auto first = rig.last().devices;
    enumerate(rig);
    auto second = rig.last().devices;
    const auto by_key = [](const auto& a, const auto& b) { return a.key < b.key; };
    std::sort(first.begin(), first.end(), by_key);
    std::sort(second.begin(), second.end(), by_key);
    if (first != second) {
      FH_FIND(
          c.findings,
          "two enumerations give different devices or handles: a known device keeps its handle");
    }
    if (rig.stop() == FH_OK && rig.start() == FH_OK) enumerate(rig);
    for (const SeenDevice& device : rig.last().devices) {
      const bool known = std::any_of(first.begin(), first.end(),
                                     [&](const auto& each) { return each.key == device.key; });
      if (!known) {
        FH_FIND(c.findings,
                "the key '%s' is new after a restart: keys are serial, UUID or PCI address",
                device.key.c_str());
      }
    }
  });
}

void excluded_are_left_out(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  std::vector<std::string> keys;
  {
    Rig rig(*entry, context.findings, context.options.settings);
    if (!opened(context, rig)) return;
    for (const Known& each : know(rig)) keys.push_back(each.device.key);
  }
  if (keys.empty()) return context.findings.skip("no devices here");
  Rig rig(*entry, context.findings, context.options.settings);
  if (!opened(context, rig, keys)) return;
  if (enumerate(rig) != FH_OK) {
    return FH_FIND(context.findings, "with all devices excluded enumerate fails: %s",
                   rig.error.c_str());
  }
  for (const SeenDevice& device : rig.last().devices) {
    FH_FIND(context.findings, "'%s' is listed although it is in excluded_keys: do not touch it",
            device.key.c_str());
  }
}

void no_devices_is_fine(Context& context) {
  const fh_plugin_entry* const entry = context.load();
  if (entry == nullptr) return;
  if (context.options.empty_settings.empty()) {
    return context.findings.skip("give settings under which there is no device with --empty");
  }
  Rig rig(*entry, context.findings, context.options.empty_settings);
  if (rig.create() != FH_OK) {
    return FH_FIND(context.findings, "without devices create fails: %s", rig.error.c_str());
  }
  int32_t status = rig.start();
  if (status == FH_OK) status = enumerate(rig);
  if (status != FH_OK && status != FH_E_UNSUPPORTED) {
    FH_FIND(context.findings,
            "without devices it fails with %d: that is FH_OK with nothing emitted, or "
            "FH_E_UNSUPPORTED where the vendor's driver is missing",
            status);
  }
  if (status == FH_OK && !rig.last().devices.empty()) {
    context.findings.skip("the --empty settings still give devices");
  }
  adopt(context, Topic::kErrors);
}

void metrics_agree(Context& context) {
  with_started(context, [](Context& c, Rig& rig) {
    std::map<std::string, SeenMetric> seen;
    const auto first = know(rig);
    for (const Known& each : first) {
      for (const SeenMetric& metric : each.metrics) {
        const auto [found, fresh] = seen.emplace(metric.name, metric);
        const bool same = found->second.kind == metric.kind && found->second.unit == metric.unit;
        if (!fresh && !same) {
          FH_FIND(c.findings, "'%s' has two units or kinds within one plugin", metric.name.c_str());
        }
      }
    }
    const auto second = know(rig);
    for (size_t i = 0; i < first.size() && i < second.size(); ++i) {
      if (first[i].ids() == second[i].ids()) continue;
      FH_FIND(c.findings, "'%s' declares other metric ids each time", first[i].device.key.c_str());
    }
  });
}

void check_values(Context& context, const Known& known, const Sink& sink) {
  for (const SeenSample& sample : sink.samples) {
    const auto metric = std::find_if(known.metrics.begin(), known.metrics.end(),
                                     [&](const auto& each) { return each.id == sample.id; });
    if (metric == known.metrics.end() || sample.status != FH_SAMPLE_OK) continue;
    if (metric->unit == FH_UNIT_PERCENT && (sample.value < 0 || sample.value > 100)) {
      FH_FIND(context.findings, "'%s' is %g %%: percent go from 0 to 100, else FH_SAMPLE_ERROR",
              metric->name.c_str(), sample.value);
    }
    if (metric->unit == FH_UNIT_CELSIUS && (sample.value < -60 || sample.value > 250)) {
      FH_FIND(context.findings, "'%s' is %g °C, which no device survives: check the unit",
              metric->name.c_str(), sample.value);
    }
    const bool negative = metric->kind == FH_METRIC_COUNTER || metric->unit == FH_UNIT_BYTE ||
                          metric->unit == FH_UNIT_WATT || metric->unit == FH_UNIT_JOULE;
    if (negative && sample.value < 0) {
      FH_FIND(context.findings, "'%s' is negative (%g): use FH_SAMPLE_ERROR", metric->name.c_str(),
              sample.value);
    }
  }
}

void values_are_plausible(Context& context) {
  with_started(context, [](Context& c, Rig& rig) {
    for (const Known& each : know(rig)) {
      if (sample(rig, each.device.handle, each.ids()) != FH_OK) continue;
      const Sink& all = rig.last();
      check_values(c, each, all);
      if (each.ids().empty()) continue;
      const uint32_t one[] = {each.ids().back()};
      if (sample(rig, each.device.handle, one) == FH_OK && rig.last().samples.size() > 1) {
        FH_FIND(c.findings, "one metric was asked for and more were given");
      }
      sample(rig, each.device.handle, {});
    }
  });
}

bool gives_values(const Sink& sink) {
  return std::any_of(sink.samples.begin(), sink.samples.end(),
                     [](const SeenSample& each) { return each.status == FH_SAMPLE_OK; });
}

void unknown_devices(Context& context) {
  with_started(context, [](Context& c, Rig& rig) {
    const auto known = know(rig);
    const std::vector<uint32_t> ids = known.empty() ? std::vector<uint32_t>{0} : known[0].ids();
    if (metrics(rig, kNoSuchHandle) == FH_OK && !rig.last().metrics.empty()) {
      FH_FIND(c.findings, "telemetry.metrics declares series of a handle that it never gave out");
    }
    if (sample(rig, kNoSuchHandle, ids) == FH_OK && gives_values(rig.last())) {
      FH_FIND(c.findings,
              "telemetry.sample gives readings of a handle that it never gave out: return "
              "FH_E_INVALID");
    }
    check(rig, kNoSuchHandle);
    tests(rig, kNoSuchHandle);
    reset_kinds(rig, kNoSuchHandle);
    slices(rig, kNoSuchHandle);
    profiles(rig, kNoSuchHandle);
    if (known.empty()) return;
    const uint32_t wrong[] = {kNoSuchMetric};
    if (sample(rig, known[0].device.handle, wrong) == FH_OK && gives_values(rig.last())) {
      FH_FIND(c.findings, "telemetry.sample gives a reading of a metric id that it never declared");
    }
  });
}

void vanished_device(Context& context) {
  const std::string& command = context.options.vanish_command;
  if (command.empty()) {
    return context.findings.skip("give a command that makes a device vanish with --vanish");
  }
  with_started(context, [](Context& c, Rig& rig) {
    const auto before = know(rig);
    for (const Known& each : before) sample(rig, each.device.handle, each.ids());
    if (system(c.options.vanish_command.c_str()) != 0) {
      return c.findings.skip("the --vanish command failed");
    }
    size_t silent = 0;
    for (const Known& each : before) {
      const int32_t status = sample(rig, each.device.handle, each.ids());
      silent += status != FH_OK || !gives_values(rig.last()) ? 1 : 0;
      check(rig, each.device.handle);
    }
    const size_t after = know(rig).size();
    if (!before.empty() && silent == 0 && after == before.size()) {
      FH_FIND(c.findings, "a device vanished and every device still gives good readings");
    }
  });
}

constexpr Test kTests[] = {
    {"records", "R14", "every record is whole, known and emitted where it belongs",
     tour_for<Topic::kRecords>},
    {"text", "R12", "every text is UTF-8, without control characters, of at most 1024 bytes",
     tour_for<Topic::kText>},
    {"errors", "R15", "a failure is a status of abi.h with a sentence", tour_for<Topic::kErrors>},
    {"devices", "R16", "a device keeps its key and its handle", devices_are_stable},
    {"excluded", "R18", "excluded devices are neither listed nor touched", excluded_are_left_out},
    {"no-devices", "R18", "no devices present is no failure", no_devices_is_fine},
    {"metrics", "R6", "a name has one unit and kind, an id one meaning", metrics_agree},
    {"values", "R15", "readings are in their unit's range; nonsense is marked as such",
     values_are_plausible},
    {"unknown-device", "R15", "unknown handles and metrics are refused", unknown_devices},
    {"vanished", "R15", "a device that vanishes is said to be lost", vanished_device},
};

}  // namespace

std::span<const Test> record_tests() {
  return kTests;
}

}  // namespace farmhand::check
