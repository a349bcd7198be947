// SPDX-License-Identifier: Apache-2.0
#include "health/rules.hh"

#include <algorithm>
#include <set>
#include <utility>

namespace farmhand {

namespace {

std::string source_of(std::string_view name) {
  return "rule " + std::string(name);
}

uint64_t interval_of(const MetricInfo& metric, uint64_t of_agent_ns) {
  return metric.interval_ms == 0 ? of_agent_ns : uint64_t{metric.interval_ms} * 1'000'000;
}

// A threshold in another unit than the series would be compared with nonsense.
bool same_unit(const RuleDefinition& rule, const MetricInfo& metric) {
  return rule.unit.empty() || rule.unit == symbol_of(metric.unit);
}

// The reading of the same part, else of the whole device.
bool goes_with(const MetricInfo& other, const MetricInfo& metric) {
  return other.label_value == metric.label_value || other.label_value.empty();
}

}  // namespace

std::vector<std::string> Rules::set(std::vector<RuleDefinition> definitions, uint64_t now_ns) {
  std::set<std::string> gone;
  for (const RuleDefinition& old : definitions_) gone.insert(source_of(old.name));
  for (const RuleDefinition& fresh : definitions) gone.erase(source_of(fresh.name));
  definitions_ = std::move(definitions);
  for (auto& [key, watched] : devices_) bind(watched);
  again_ns_ = now_ns;
  return {gone.begin(), gone.end()};
}

void Rules::declare(const DeviceInfo& device, const std::vector<MetricInfo>& metrics,
                    uint64_t interval_ns) {
  Watched& watched = devices_[device.key];
  watched.info = device;
  watched.metrics = metrics;
  watched.interval_ns = interval_ns;
  bind(watched);
}

void Rules::remove(std::string_view device) {
  const auto at = devices_.find(device);
  if (at != devices_.end()) devices_.erase(at);
}

void Rules::watch(Watched& watched, uint32_t metric, Place place) {
  if (metric > UINT16_MAX) return;  // no id is as large as that (telemetry.h)
  if (watched.by_metric.size() <= metric) watched.by_metric.resize(metric + 1);
  uint16_t& index = watched.by_metric[metric];
  if (index == 0) {
    watched.places.emplace_back();
    index = static_cast<uint16_t>(watched.places.size());
  }
  watched.places[index - 1].push_back(place);
}

void Rules::bind(Watched& watched) {
  std::vector<Rule> before = std::exchange(watched.rules, {});
  watched.places.clear();
  watched.by_metric.clear();
  for (const RuleDefinition& definition : definitions_) {
    const DeviceInfo& info = watched.info;
    if (!definition.filter.matches(info.vendor, info.model, info.key)) continue;
    for (const MetricInfo& metric : watched.metrics) {
      if (metric.name != definition.metric || !same_unit(definition, metric)) continue;
      const auto index = static_cast<uint32_t>(watched.rules.size());
      Rule fresh(definition, metric, interval_of(metric, watched.interval_ns));
      const auto kept = std::find_if(before.begin(), before.end(), [&](const Rule& old) {
        return old.check() == fresh.check() && old.definition() == definition;
      });
      watched.rules.push_back(kept == before.end() ? std::move(fresh) : std::move(*kept));
      watch(watched, metric.id, {index, false});
      for (const MetricInfo& other : watched.metrics) {
        if (definition.while_metric.empty() || other.name != definition.while_metric) continue;
        if (goes_with(other, metric)) watch(watched, other.id, {index, true});
      }
    }
  }
}

void Rules::on_samples(std::string_view device, std::span<const Sample> samples) {
  const auto at = devices_.find(device);
  if (at == devices_.end() || at->second.by_metric.empty()) return;
  Watched& watched = at->second;
  std::vector<std::pair<std::string, uint64_t>> changed;  // mostly none
  for (const Sample& sample : samples) {
    if (sample.metric >= watched.by_metric.size()) continue;
    const uint16_t index = watched.by_metric[sample.metric];
    if (index == 0) continue;
    for (const Place& place : watched.places[index - 1]) {
      Rule& rule = watched.rules[place.rule];
      if (place.is_while) {
        rule.take_while(sample);
      } else if (rule.take(sample)) {
        changed.emplace_back(rule.definition().name, sample.boottime_ns);
      }
    }
  }
  for (const auto& [name, at_ns] : changed) tell(watched, name, at_ns);
}

void Rules::tell(const Watched& watched, const std::string& name, uint64_t now_ns) const {
  std::vector<Finding> findings;
  for (const Rule& rule : watched.rules) {
    if (rule.definition().name != name || !rule.verdict()) continue;
    findings.push_back(rule.finding(now_ns));
  }
  if (!findings.empty()) tell_(watched.info.key, source_of(name), findings);
}

void Rules::tick(uint64_t now_ns) {
  const bool again = now_ns >= again_ns_;
  if (again) again_ns_ = now_ns + kAgainNs;
  for (auto& [key, watched] : devices_) {
    std::set<std::string> told;
    for (Rule& rule : watched.rules) {
      if (rule.tick(now_ns) || again) told.insert(rule.definition().name);
    }
    for (const std::string& name : told) tell(watched, name, now_ns);
  }
}

size_t Rules::watched() const {
  size_t count = 0;
  for (const auto& [key, watched] : devices_) count += watched.rules.size();
  return count;
}

}  // namespace farmhand
