// SPDX-License-Identifier: Apache-2.0
#include "telemetry/intervals.hh"

#include <algorithm>

namespace farmhand {

namespace {

// How particular `pattern` is about `name`; 0 when it does not match.
size_t match_length(std::string_view pattern, std::string_view name) {
  if (pattern == name) return SIZE_MAX;
  if (pattern == "*") return 1;
  if (!pattern.ends_with(".*")) return 0;
  pattern.remove_suffix(1);  // the dot belongs to the prefix
  return name.starts_with(pattern) ? pattern.size() : 0;
}

}  // namespace

IntervalRules IntervalRules::from(const AgentConfig& config) {
  IntervalRules rules{config.telemetry.interval, config.telemetry.metrics, {}};
  for (const PluginConfig& plugin : config.plugins) {
    if (plugin.interval.count() != 0) rules.plugins.emplace_back(plugin.id, plugin.interval);
  }
  return rules;
}

std::chrono::milliseconds IntervalRules::of(std::string_view plugin,
                                            const MetricInfo& metric) const {
  const MetricInterval* best = nullptr;
  size_t best_length = 0;
  for (const MetricInterval& rule : patterns) {
    const size_t length = match_length(rule.pattern, metric.name);
    if (length <= best_length) continue;
    best = &rule;
    best_length = length;
  }
  if (best != nullptr) return std::max(best->interval, kIntervalFloor);
  std::chrono::milliseconds usual = fallback;
  for (const auto& [id, interval] : plugins) {
    if (id == plugin) usual = interval;
  }
  return std::max({usual, std::chrono::milliseconds(metric.interval_ms), kIntervalFloor});
}

}  // namespace farmhand
