// SPDX-License-Identifier: Apache-2.0
#include "telemetry/telemetry.hh"

#include <utility>

namespace farmhand {

Result<void> Telemetry::on_metrics(std::string_view plugin, std::string_view device,
                                   const std::vector<MetricInfo>& metrics) {
  auto at = devices_.find(device);
  if (at == devices_.end()) {
    at = devices_.emplace(std::string(device), DeviceSeries(plugin, device)).first;
  }
  if (metrics.size() <= kSeriesPerDeviceMax) {
    at->second.declare(plugin, metrics, rules_);
    return {};
  }
  at->second.declare(plugin, {metrics.begin(), metrics.begin() + kSeriesPerDeviceMax}, rules_);
  return Error{Errc::kInvalid, "device '" + std::string(device) + "' declares " +
                                   std::to_string(metrics.size()) + " metrics; the first " +
                                   std::to_string(kSeriesPerDeviceMax) + " are kept"};
}

void Telemetry::on_samples(std::string_view device, std::span<const Sample> samples) {
  const auto at = devices_.find(device);
  const size_t undeclared = at == devices_.end() ? samples.size() : at->second.add(samples);
  undeclared_ += undeclared;
  samples_ += samples.size() - undeclared;
}

std::vector<Sample> Telemetry::on_device_unknown(std::string_view device) {
  std::vector<Sample> samples;
  const auto at = devices_.find(device);
  if (at == devices_.end()) return samples;
  const uint64_t now_ns = clock_.boottime_ns();
  DeviceSeries& series = at->second;
  series.mark_unknown(now_ns);
  samples.reserve(series.size());
  for (size_t i = 0; i < series.size(); ++i) {
    samples.push_back({series.metric(i).id, SampleStatus::kUnknown, 0, now_ns});
  }
  return samples;
}

void Telemetry::remove(std::string_view device) {
  const auto at = devices_.find(device);
  if (at != devices_.end()) devices_.erase(at);
}

void Telemetry::set_rules(IntervalRules rules) {
  rules_ = std::move(rules);
  for (auto& [device, series] : devices_) series.set_rules(rules_);
}

void Telemetry::visit(const std::function<void(const DeviceSeries&)>& visitor) const {
  for (const auto& [device, series] : devices_) visitor(series);
}

const DeviceSeries* Telemetry::find(std::string_view device) const {
  const auto at = devices_.find(device);
  return at == devices_.end() ? nullptr : &at->second;
}

Result<History> Telemetry::history(std::string_view device, std::string_view metric,
                                   std::string_view label_value) const {
  const DeviceSeries* const series = find(device);
  if (series == nullptr) {
    return Error{Errc::kNotFound, "no device '" + std::string(device) + "' has metrics here"};
  }
  const auto index = series->find(metric, label_value);
  if (!index) {
    return Error{
        Errc::kNotFound,
        "device '" + std::string(device) + "' has no metric '" + std::string(metric) + "'" +
            (label_value.empty() ? std::string() : " with '" + std::string(label_value) + "'")};
  }
  return series->history(*index, clock_.boottime_ns());
}

Telemetry::Counts Telemetry::counts() const {
  Counts counts{samples_, undeclared_, 0};
  for (const auto& [device, series] : devices_) counts.series += series.size();
  return counts;
}

}  // namespace farmhand
