// SPDX-License-Identifier: Apache-2.0
// The physics of one simulated card: load makes power, power makes heat, heat slows the clock.
#pragma once

#include <cstdint>

#include "catalogue.hh"
#include "load.hh"

namespace farmhand::sim {

struct CardState {
  double utilization = 0;  // 0 to 1
  double memory_used = 0;  // 0 to 1
  double power_watt = 0;
  double energy_joule = 0;
  double chip_celsius = 0;
  double memory_celsius = 0;
  double board_celsius = 0;
  double clock_ratio = 1;  // of the nominal clock
  double cycles = 0;
  double busy_cycles = 0;
  uint64_t corrected = 0;  // memory errors
  uint64_t uncorrected = 0;
};

// Advances on a fixed grid of kStepNs, so that the state at a time does not depend on how often it
// was asked for: 1 Hz and 100 Hz see the same card.
class Card {
 public:
  static constexpr uint64_t kStepNs = 20'000'000;
  static constexpr double kThrottleCelsius = 88;

  Card(const Model& model, const Load& load, uint64_t seed);

  // `since_start_ns` never goes back.
  void advance(uint64_t since_start_ns);

  const CardState& state() const { return state_; }
  const Model& model() const { return model_; }
  uint64_t seed() const { return seed_; }
  uint64_t step() const { return step_; }
  bool throttled() const { return state_.clock_ratio < 1; }

  // The heat sink works a third as well: a blocked fan.
  void set_overheating(bool on) { overheating_ = on; }
  void add_uncorrected(uint64_t count) { state_.uncorrected += count; }

 private:
  void one_step();
  void heat(double seconds);
  void clock(double seconds);
  void count(double seconds);

  const Model& model_;
  Load load_;
  uint64_t seed_;
  uint64_t step_ = 0;
  double ambient_celsius_;
  bool overheating_ = false;
  CardState state_;
};

}  // namespace farmhand::sim
