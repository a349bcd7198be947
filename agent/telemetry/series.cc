// SPDX-License-Identifier: Apache-2.0
#include "telemetry/series.hh"

#include <algorithm>
#include <utility>

namespace farmhand {

namespace {

constexpr uint64_t kNsPerMs = 1'000'000;
// A reading that comes a little late is not old yet, however fast the metric is.
constexpr uint64_t kAgeUnitMinNs = 1'000'000'000;
constexpr uint64_t kStaleIntervals = 3;
constexpr uint64_t kUnknownIntervals = 30;

bool same_series(const MetricInfo& a, const MetricInfo& b) {
  return a.name == b.name && a.label == b.label && a.label_value == b.label_value &&
         a.kind == b.kind && a.unit == b.unit;
}

bool has_value(SampleStatus status) {
  return status == SampleStatus::kOk || status == SampleStatus::kStale;
}

}  // namespace

void DeviceSeries::declare(std::string_view plugin, const std::vector<MetricInfo>& metrics,
                           const IntervalRules& rules) {
  std::vector<MetricInfo> sorted = metrics;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const MetricInfo& a, const MetricInfo& b) { return a.id < b.id; });
  const auto twice = std::unique(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.id == b.id;  // the first declaration of an id counts
  });
  sorted.erase(twice, sorted.end());
  const bool same = sorted == metrics_;
  std::vector<Latest> latest(sorted.size());
  std::vector<Ring> rings(same ? 0 : sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) {
    const auto old = std::find_if(metrics_.begin(), metrics_.end(),
                                  [&](const MetricInfo& m) { return same_series(m, sorted[i]); });
    if (old != metrics_.end()) {
      const auto at = static_cast<size_t>(old - metrics_.begin());
      latest[i] = latest_[at];
      if (!same) rings[i] = rings_[at];
    }
    latest[i].id = sorted[i].id;
    latest[i].kind = sorted[i].kind;
    latest[i].role = role_of(sorted[i]);
  }
  plugin_ = plugin;
  metrics_ = std::move(sorted);
  latest_ = std::move(latest);
  if (!same) rings_ = std::move(rings);
  set_rules(rules);
}

void DeviceSeries::set_rules(const IntervalRules& rules) {
  for (size_t i = 0; i < metrics_.size(); ++i) {
    const auto interval_ms = static_cast<uint64_t>(rules.of(plugin_, metrics_[i]).count());
    latest_[i].interval_ns = interval_ms * kNsPerMs;
    if (latest_[i].role == Role::kPower) energy_.set_interval(latest_[i].interval_ns);
  }
}

// The standard names of sdk/include/farmhand/telemetry.h; a part of a device is not the device.
DeviceSeries::Role DeviceSeries::role_of(const MetricInfo& metric) {
  if (!metric.label.empty()) return Role::kPlain;
  if (metric.name == "energy" && metric.kind == MetricKind::kCounter &&
      metric.unit == Unit::kJoule) {
    return Role::kEnergyCounter;
  }
  if (metric.name == "power" && metric.kind == MetricKind::kGauge && metric.unit == Unit::kWatt) {
    return Role::kPower;
  }
  return Role::kPlain;
}

size_t DeviceSeries::find_id(uint32_t id) {
  if (hint_ < latest_.size() && latest_[hint_].id == id) return hint_++;
  const auto at = std::lower_bound(latest_.begin(), latest_.end(), id,
                                   [](const Latest& l, uint32_t wanted) { return l.id < wanted; });
  if (at == latest_.end() || at->id != id) return kNone;
  const auto index = static_cast<size_t>(at - latest_.begin());
  hint_ = index + 1;
  return index;
}

size_t DeviceSeries::add(std::span<const Sample> samples) {
  size_t undeclared = 0;
  hint_ = 0;
  for (const Sample& sample : samples) {
    const size_t index = find_id(sample.metric);
    if (index == kNone) {
      ++undeclared;
    } else {
      take(latest_[index], rings_[index], sample);
    }
  }
  return undeclared;
}

void DeviceSeries::take(Latest& latest, Ring& ring, const Sample& sample) {
  latest.status = sample.status;
  latest.boottime_ns = sample.boottime_ns;
  if (!has_value(sample.status)) {
    latest.has_rate = false;
    return;
  }
  latest.value = sample.value;
  // An old reading shown again is no new point of the hour, no growth and no energy.
  if (sample.status == SampleStatus::kStale) return;
  if (latest.role == Role::kPower) energy_.on_power(sample.value, sample.boottime_ns);
  if (latest.role == Role::kEnergyCounter) energy_.on_counter(sample.value, sample.boottime_ns);
  if (latest.kind == MetricKind::kGauge) return ring.put(sample.boottime_ns, sample.value);
  const auto rate = latest.rate.update(sample.value, sample.boottime_ns);
  latest.has_rate = rate.has_value();
  if (!rate) return;
  latest.rate_value = *rate;
  ring.put(sample.boottime_ns, *rate);
}

void DeviceSeries::mark_unknown(uint64_t now_ns) {
  for (Latest& latest : latest_) {
    latest.status = SampleStatus::kUnknown;
    latest.boottime_ns = now_ns;
    latest.has_rate = false;
  }
}

Reading DeviceSeries::reading(size_t index, uint64_t now_ns) const {
  const Latest& latest = latest_[index];
  Reading reading{latest.value, latest.status, latest.boottime_ns, std::nullopt};
  if (latest.has_rate) reading.rate = latest.rate_value;
  if (!has_value(reading.status)) return reading;
  const uint64_t age_ns = now_ns > latest.boottime_ns ? now_ns - latest.boottime_ns : 0;
  const uint64_t unit_ns = std::max(latest.interval_ns, kAgeUnitMinNs);
  if (age_ns > kUnknownIntervals * unit_ns) {
    reading.status = SampleStatus::kUnknown;
  } else if (age_ns > kStaleIntervals * unit_ns) {
    reading.status = SampleStatus::kStale;
  }
  if (reading.status != SampleStatus::kOk) reading.rate.reset();
  return reading;
}

History DeviceSeries::history(size_t index, uint64_t now_ns) const {
  return {metrics_[index], metrics_[index].kind == MetricKind::kCounter,
          rings_[index].seconds(now_ns), rings_[index].periods(now_ns)};
}

std::optional<size_t> DeviceSeries::find(std::string_view name,
                                         std::string_view label_value) const {
  for (size_t i = 0; i < metrics_.size(); ++i) {
    if (metrics_[i].name == name && metrics_[i].label_value == label_value) return i;
  }
  return std::nullopt;
}

}  // namespace farmhand
