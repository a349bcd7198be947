// SPDX-License-Identifier: Apache-2.0
// Drives a Schedule by the loop: one timer, set to the next due time, and one call of the source
// per tick with all that is due.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "loop/timer.hh"
#include "plugin/model.hh"
#include "plugin/sample_source.hh"
#include "telemetry/intervals.hh"
#include "telemetry/schedule.hh"

namespace farmhand {

class Sampler {
 public:
  Sampler(Loop& loop, const Clock& clock, SampleSource& source, IntervalRules rules);

  // A device's metrics, as the plugin declared them; asks for all of them at once.
  void on_metrics(std::string_view plugin, std::string_view device,
                  const std::vector<MetricInfo>& metrics);
  void on_answered(std::string_view device);        // samples came
  void on_device_unknown(std::string_view device);  // nothing is asked until it is back
  void on_device_back(std::string_view device);
  void remove(std::string_view device);

  void set_rules(IntervalRules rules);  // after a reload; the metrics known are placed anew
  void stop();                          // no more requests; the timer is idle

  uint64_t missed() const { return schedule_.missed(); }
  uint64_t missed(std::string_view device) const { return schedule_.missed(device); }
  uint64_t requests() const { return requests_; }

 private:
  struct Declared {
    std::string plugin;
    std::string device;
    std::vector<MetricInfo> metrics;
  };
  void tick();
  void arm();

  const Clock& clock_;
  SampleSource& source_;
  IntervalRules rules_;
  Schedule schedule_;
  std::vector<Declared> declared_;
  uint64_t requests_ = 0;
  uint64_t armed_for_ns_ = Schedule::kNever;
  bool ticking_ = false;
  bool stopped_ = false;
  Timer timer_;
};

}  // namespace farmhand
