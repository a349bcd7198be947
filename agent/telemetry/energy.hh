// SPDX-License-Identifier: Apache-2.0
// The energy a device used since the agent first read it: from the device's own counter where there
// is one, else by integrating power (trapezoids), with what is needed to judge the figure: how many
// readings, the largest gap between two, and the time that could not be covered.
#pragma once

#include <cstdint>
#include <string_view>

namespace farmhand {

enum class EnergySource : uint8_t { kNone, kCounter, kIntegrated };
std::string_view name_of(EnergySource source);

// Two snapshots of one device can be subtracted: the energy of a run. The gap is then the later
// one's.
struct EnergyFigure {
  double joules = 0;
  EnergySource source = EnergySource::kNone;
  uint64_t samples = 0;
  uint64_t largest_gap_ns = 0;  // bridged between two readings
  uint64_t covered_ns = 0;
  uint64_t uncovered_ns = 0;  // gaps too wide to be bridged; counters bridge any
};

class Energy {
 public:
  // How often power is read. Gaps wider than ten intervals, and than 10 s, are left out: a straight
  // line over them would be made up.
  void set_interval(uint64_t interval_ns);
  // Once a counter has been read, power readings are passed over.
  void on_counter(double joules, uint64_t boottime_ns);
  void on_power(double watts, uint64_t boottime_ns);
  const EnergyFigure& figure() const { return figure_; }

 private:
  static constexpr uint64_t kBridgeMinNs = 10'000'000'000;

  EnergyFigure figure_;
  double last_value_ = 0;
  uint64_t last_ns_ = 0;  // 0: no reading yet
  uint64_t bridge_max_ns_ = kBridgeMinNs;
};

}  // namespace farmhand
