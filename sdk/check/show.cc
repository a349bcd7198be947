// SPDX-License-Identifier: Apache-2.0
#include "show.hh"

#include <farmhand/telemetry.h>
#include <stdio.h>

#include "drive.hh"
#include "library.hh"

namespace farmhand::check {

namespace {

const char* symbol_of(int32_t unit) {
  static constexpr const char* kSymbols[] = {"",   "°C", "W", "J",   "B",   "%",   "MHz",
                                             "ns", "V",  "A", "rpm", "B/s", "op/s"};
  const bool known = unit >= 0 && unit <= FH_UNIT_OPERATION_PER_SECOND;
  return known ? kSymbols[unit] : "?";
}

const char* word_of(int32_t status) {
  static constexpr const char* kWords[] = {"ok",    "not supported", "no permission",
                                           "stale", "error",         "unknown"};
  return status >= 0 && status <= FH_SAMPLE_UNKNOWN ? kWords[status] : "?";
}

void print(const SeenMetric& metric, const Sink& sink) {
  std::string name = metric.name;
  if (!metric.label_value.empty()) name += "{" + metric.label_value + "}";
  int32_t status = FH_SAMPLE_UNKNOWN;
  for (const SeenSample& sample : sink.samples) {
    if (sample.id != metric.id) continue;
    status = sample.status;
    if (status == FH_SAMPLE_OK || status == FH_SAMPLE_STALE) {
      printf("  %-32s %.10g %s%s\n", name.c_str(), sample.value, symbol_of(metric.unit),
             status == FH_SAMPLE_STALE ? " (stale)" : "");
      return;
    }
  }
  printf("  %-32s – (%s)\n", name.c_str(), word_of(status));
}

int failed(const char* what, const std::string& why) {
  fprintf(stderr, "farmhand-plugin-check: %s failed: %s\n", what, why.c_str());
  return 1;
}

}  // namespace

int show(const Options& options) {
  std::string why;
  const fh_plugin_entry* const entry = load_entry(options.library_path, why);
  if (entry == nullptr) return failed("load", why);
  Findings findings;
  Rig rig(*entry, findings, options.settings);
  if (rig.create() != FH_OK) return failed("create", rig.error);
  if (rig.start() != FH_OK) return failed("start", rig.error);
  // Nothing detectable is not the same as no devices.
  if (enumerate(rig) != FH_OK) return failed("enumerate", rig.error);
  const auto known = know(rig);
  for (const Known& each : known) {
    printf("%s\n", each.device.key.c_str());
    if (sample(rig, each.device.handle, each.ids()) != FH_OK) {
      printf("  sample failed: %s\n", rig.error.c_str());
      continue;
    }
    const Sink& readings = rig.last();
    for (const SeenMetric& metric : each.metrics) print(metric, readings);
  }
  if (known.empty()) printf("no devices\n");
  return 0;
}

}  // namespace farmhand::check
