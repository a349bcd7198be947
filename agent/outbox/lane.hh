// SPDX-License-Identifier: Apache-2.0
// A lane is one ordered stream of the outbox with a quota and a priority of its own.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace farmhand {

enum class Lane : uint8_t {
  kResults = 0,    // acks and job results: never dropped
  kHealth = 1,     // health transitions, events, audit
  kInventory = 2,  // inventory and state
  kLogs = 3,       // job logs
  kTelemetry = 4,  // thins out before it drops
};

constexpr int kLaneCount = 5;
constexpr std::array<Lane, kLaneCount> kLanes = {Lane::kResults, Lane::kHealth, Lane::kInventory,
                                                 Lane::kLogs, Lane::kTelemetry};

constexpr size_t index_of(Lane lane) {
  return static_cast<size_t>(lane);
}

constexpr std::string_view name_of(Lane lane) {
  constexpr std::array<std::string_view, kLaneCount> kNames = {"results", "health", "inventory",
                                                               "logs", "telemetry"};
  return index_of(lane) < kNames.size() ? kNames[index_of(lane)] : "unknown";
}

}  // namespace farmhand
