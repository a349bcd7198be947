// SPDX-License-Identifier: Apache-2.0
// How often each metric is read. The most particular word wins: the metric's name in the
// configuration, then the longest prefix, then the slower of the plugin's wish for the metric and
// the interval of the plugin or of the agent.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/agent_config.hh"
#include "plugin/model.hh"

namespace farmhand {

constexpr std::chrono::milliseconds kIntervalFloor{10};

struct IntervalRules {
  std::chrono::milliseconds fallback{1000};
  std::vector<MetricInterval> patterns;
  std::vector<std::pair<std::string, std::chrono::milliseconds>> plugins;

  static IntervalRules from(const AgentConfig& config);
  std::chrono::milliseconds of(std::string_view plugin, const MetricInfo& metric) const;
};

}  // namespace farmhand
