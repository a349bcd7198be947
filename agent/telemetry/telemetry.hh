// SPDX-License-Identifier: Apache-2.0
// What all devices measure now and measured in the last hour: fed by the plugins' samples, asked by
// the CLI and /metrics. Bounded: a series takes about 5 kB from the day it is declared.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "plugin/model.hh"
#include "telemetry/series.hh"

namespace farmhand {

class Telemetry {
 public:
  // More series than this on one device are refused: 4096 of them are 20 MB.
  static constexpr size_t kSeriesPerDeviceMax = 4096;

  Telemetry(const Clock& clock, IntervalRules rules) : clock_(clock), rules_(std::move(rules)) {}

  // kInvalid when there are too many; those above the limit are not taken.
  Result<void> on_metrics(std::string_view plugin, std::string_view device,
                          const std::vector<MetricInfo>& metrics);
  void on_samples(std::string_view device, std::span<const Sample> samples);
  // Every series of it is unknown from now on. Returns samples that say so, for the batcher.
  std::vector<Sample> on_device_unknown(std::string_view device);
  void remove(std::string_view device);
  void set_rules(IntervalRules rules);

  // Every device in the order of the keys, every series in the order of the ids.
  void visit(const std::function<void(const DeviceSeries&)>& visitor) const;
  const DeviceSeries* find(std::string_view device) const;
  Result<History> history(std::string_view device, std::string_view metric,
                          std::string_view label_value = {}) const;
  uint64_t now_ns() const { return clock_.boottime_ns(); }

  struct Counts {
    uint64_t samples = 0;     // taken
    uint64_t undeclared = 0;  // with an id or of a device that was never declared
    size_t series = 0;
  };
  Counts counts() const;

 private:
  const Clock& clock_;
  IntervalRules rules_;
  std::map<std::string, DeviceSeries, std::less<>> devices_;
  uint64_t samples_ = 0;
  uint64_t undeclared_ = 0;
};

}  // namespace farmhand
