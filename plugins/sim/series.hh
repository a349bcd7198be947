// SPDX-License-Identifier: Apache-2.0
// The series a simulated device offers, and their values taken from its card.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "card.hh"

namespace farmhand::sim {

enum class Quantity : uint8_t {
  kUtilization,
  kTemperature,
  kPower,
  kMemoryUsed,
  kMemoryTotal,
  kClockCore,
  kThrottleReasons,
  kErrorsCorrected,
  kErrorsUncorrected,
  kEnergy,
  kTemperatureMemory,
  kTemperatureBoard,
  kClockMemory,
  kLinkGeneration,
  kLinkWidth,
  kCycles,
  kBusyCycles,
  kCoreUtilization,
  kCoreTemperature,
  kCorePower,
  kCoreClock,
  kChannelThroughput,
};

struct Series {
  Quantity quantity;
  uint16_t part = 0;  // core or channel, for the quantities that have one
};

// What is the same for all series of a quantity.
struct QuantityInfo {
  const char* name;
  int32_t metric_kind;
  int32_t unit;
  const char* label;  // empty: the device's only series of this name
  const char* help;
};

const QuantityInfo& info_of(Quantity quantity);

// `count` series in order of importance: the card's, then per core, then memory channels without
// end. The place in the vector is the metric's id.
std::vector<Series> series_of(const Model& model, bool energy_counter, uint32_t count);

// The reading of now, with a little noise where a sensor has some.
double value_of(const Series& series, const Card& card);

}  // namespace farmhand::sim
