// SPDX-License-Identifier: Apache-2.0
// All series of one device: the latest sample of each, the rate of counters, the last hour, energy.
// Flat vectors made when the metrics are declared; a sample costs no look-up by name and no
// allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/model.hh"
#include "telemetry/energy.hh"
#include "telemetry/intervals.hh"
#include "telemetry/rate.hh"
#include "telemetry/ring.hh"

namespace farmhand {

// What is known of a series now. The value holds for kOk and kStale only.
struct Reading {
  double value = 0;
  SampleStatus status = SampleStatus::kUnknown;
  uint64_t boottime_ns = 0;    // 0: never read
  std::optional<double> rate;  // counters only, per second (of a counter in ns: ns per second)
};

// The last hour of one series. Of a counter it holds the rate, of a gauge the value.
struct History {
  MetricInfo metric;
  bool is_rate = false;
  std::vector<Ring::Point> seconds;
  std::vector<Ring::Period> periods;
};

class DeviceSeries {
 public:
  DeviceSeries(std::string_view plugin, std::string_view device)
      : plugin_(plugin), device_(device) {}

  // Series that were there already keep their past, also under a new id.
  void declare(std::string_view plugin, const std::vector<MetricInfo>& metrics,
               const IntervalRules& rules);
  void set_rules(const IntervalRules& rules);
  // Returns how many had an id that was never declared.
  size_t add(std::span<const Sample> samples);
  void mark_unknown(uint64_t now_ns);

  const std::string& plugin() const { return plugin_; }
  const std::string& device() const { return device_; }
  size_t size() const { return metrics_.size(); }
  const MetricInfo& metric(size_t index) const { return metrics_[index]; }
  // A value older than 3 of its intervals is stale, older than 30 unknown.
  Reading reading(size_t index, uint64_t now_ns) const;
  History history(size_t index, uint64_t now_ns) const;
  std::optional<size_t> find(std::string_view name, std::string_view label_value) const;
  const EnergyFigure& energy() const { return energy_.figure(); }

 private:
  enum class Role : uint8_t { kPlain, kEnergyCounter, kPower };
  struct Latest {
    uint32_t id = 0;
    SampleStatus status = SampleStatus::kUnknown;
    MetricKind kind = MetricKind::kGauge;
    Role role = Role::kPlain;
    bool has_rate = false;
    double value = 0;
    double rate_value = 0;
    uint64_t boottime_ns = 0;
    uint64_t interval_ns = 0;
    Rate rate;
  };
  static constexpr size_t kNone = SIZE_MAX;
  static Role role_of(const MetricInfo& metric);
  size_t find_id(uint32_t id);
  void take(Latest& latest, Ring& ring, const Sample& sample);

  std::string plugin_;
  std::string device_;
  std::vector<MetricInfo> metrics_;  // by id; the next three are parallel
  std::vector<Latest> latest_;
  std::vector<Ring> rings_;
  size_t hint_ = 0;  // where the next sample is expected: they come in the order of their ids
  Energy energy_;
};

}  // namespace farmhand
