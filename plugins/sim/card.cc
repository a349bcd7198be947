// SPDX-License-Identifier: Apache-2.0
#include "card.hh"

#include <algorithm>
#include <cmath>

#include "noise.hh"

namespace farmhand::sim {

namespace {

enum Stream : uint64_t { kAmbient = 100, kEcc };

// A card at full power settles this far above ambient: hot, but below the throttle limit.
constexpr double kFullRise = 48;
constexpr double kChipSeconds = 20;  // time constants
constexpr double kMemorySeconds = 40;
constexpr double kBoardSeconds = 150;
constexpr double kMemoryFillSeconds = 2;

constexpr double kThrottlePerSecond = 0.2;
constexpr double kRecoverPerSecond = 0.05;
constexpr double kLowestClock = 0.35;

// After a suspend of hours only the last minutes matter: all time constants are shorter.
constexpr uint64_t kCatchUpSteps = 30ull * 60 * 1'000'000'000 / Card::kStepNs;

// The first-order lag of `value` towards `target`, exact for any step.
void follow(double* value, double target, double seconds, double time_constant) {
  *value += (target - *value) * (1 - std::exp(-seconds / time_constant));
}

}  // namespace

Card::Card(const Model& model, const Load& load, uint64_t seed)
    : model_(model), load_(load), seed_(seed) {
  ambient_celsius_ = 26 + 6 * uniform(seed, kAmbient, 0);
  state_.power_watt = model.idle_watt;
  state_.chip_celsius = ambient_celsius_ + kFullRise * model.idle_watt / model.full_watt;
  state_.memory_celsius = state_.chip_celsius;
  state_.board_celsius = ambient_celsius_ + 2;
}

void Card::advance(uint64_t since_start_ns) {
  const uint64_t target = since_start_ns / kStepNs;
  if (target > step_ + kCatchUpSteps) {
    const double skipped = static_cast<double>(target - kCatchUpSteps - step_) * kStepNs / 1e9;
    state_.energy_joule += model_.idle_watt * skipped;
    step_ = target - kCatchUpSteps;
  }
  while (step_ < target) one_step();
}

void Card::one_step() {
  ++step_;
  const double seconds = kStepNs / 1e9;
  const Demand demand = load_.at(seed_, static_cast<double>(step_) * seconds);
  state_.utilization = demand.compute;
  follow(&state_.memory_used, demand.memory, seconds, kMemoryFillSeconds);
  // Dynamic power goes with the clock and the square of a voltage that follows it.
  const double dynamic = demand.compute * std::pow(state_.clock_ratio, 2.2);
  state_.power_watt = model_.idle_watt + (model_.full_watt - model_.idle_watt) * dynamic;
  heat(seconds);
  clock(seconds);
  count(seconds);
}

void Card::heat(double seconds) {
  const double rise = kFullRise * (overheating_ ? 3 : 1) * state_.power_watt / model_.full_watt;
  follow(&state_.chip_celsius, ambient_celsius_ + rise, seconds, kChipSeconds);
  const double memory_rise = rise * (0.75 + 0.25 * state_.memory_used);
  follow(&state_.memory_celsius, ambient_celsius_ + memory_rise, seconds, kMemorySeconds);
  follow(&state_.board_celsius, ambient_celsius_ + 0.4 * rise, seconds, kBoardSeconds);
}

// Three degrees of hysteresis keep the clock from hunting.
void Card::clock(double seconds) {
  double& ratio = state_.clock_ratio;
  if (state_.chip_celsius > kThrottleCelsius) {
    ratio = std::max(kLowestClock, ratio - kThrottlePerSecond * seconds);
  } else if (state_.chip_celsius < kThrottleCelsius - 3) {
    ratio = std::min(1.0, ratio + kRecoverPerSecond * seconds);
  }
}

void Card::count(double seconds) {
  state_.energy_joule += state_.power_watt * seconds;
  const double cycles = model_.core_mhz * 1e6 * state_.clock_ratio * seconds;
  state_.cycles += cycles;
  state_.busy_cycles += cycles * state_.utilization;
  // About one corrected error in twenty busy minutes.
  const double chance = state_.memory_used * seconds / 1200;
  if (uniform(seed_, kEcc, step_) < chance) ++state_.corrected;
}

}  // namespace farmhand::sim
