// SPDX-License-Identifier: Apache-2.0
// The series a card offers, and how each is read.
#pragma once

#include "look.hh"

namespace farmhand::furiosa {

enum class Quantity : uint8_t {
  kUtilization,
  kTemperature,
  kAmbient,
  kPower,
  kMemoryUsed,
  kMemoryTotal,
  kClock,
  kMemoryClock,
  kThrottle,
  kFaults,
  kHeartbeat,
  kLinkGeneration,
  kLinkWidth,
  kLinkGenerationMax,
  kLinkWidthMax,
  kLinkCorrected,
  kLinkNonfatal,
  kLinkFatal,
  kCoreUtilization,
  kCoreOccupied,
  kCoreClock,
  kCoreTemperature,
  kCoreCycles,
  kCoreBusyCycles,
  kSensor,  // what hwmon shows beside the above, by its label
};

struct Series {
  Quantity quantity;
  uint16_t part = 0;  // core, or place among the card's sensors
};

// In a fixed order: the place is the metric's id. A card that nothing manages has only its link.
std::vector<Series> series_of(const Card& card);

void declare(Call& call, const Card& card, const std::vector<Series>& all);

// Emits one sample.
void emit_reading(Call& call, uint32_t id, const Series& series, Look& look);

}  // namespace farmhand::furiosa
