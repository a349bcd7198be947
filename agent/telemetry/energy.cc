// SPDX-License-Identifier: Apache-2.0
#include "telemetry/energy.hh"

#include <algorithm>

namespace farmhand {

std::string_view name_of(EnergySource source) {
  switch (source) {
    case EnergySource::kNone:
      return "none";
    case EnergySource::kCounter:
      return "counter";
    case EnergySource::kIntegrated:
      return "integrated";
  }
  return "none";
}

void Energy::set_interval(uint64_t interval_ns) {
  bridge_max_ns_ = std::max(10 * interval_ns, kBridgeMinNs);
}

void Energy::on_counter(double joules, uint64_t boottime_ns) {
  if (figure_.source != EnergySource::kCounter) {
    // The counter is the better source: a figure is of one source, never of a mixture.
    figure_ = {};
    figure_.source = EnergySource::kCounter;
    last_ns_ = 0;
  }
  if (last_ns_ != 0 && boottime_ns <= last_ns_) return;
  ++figure_.samples;
  if (last_ns_ != 0) {
    const uint64_t gap_ns = boottime_ns - last_ns_;
    if (joules >= last_value_) {
      figure_.joules += joules - last_value_;
      figure_.covered_ns += gap_ns;
      figure_.largest_gap_ns = std::max(figure_.largest_gap_ns, gap_ns);
    } else {
      figure_.uncovered_ns += gap_ns;  // it restarted in between: how much was used is not known
    }
  }
  last_value_ = joules;
  last_ns_ = boottime_ns;
}

void Energy::on_power(double watts, uint64_t boottime_ns) {
  if (figure_.source == EnergySource::kCounter) return;
  if (last_ns_ != 0 && boottime_ns <= last_ns_) return;
  figure_.source = EnergySource::kIntegrated;
  ++figure_.samples;
  if (last_ns_ != 0) {
    const uint64_t gap_ns = boottime_ns - last_ns_;
    if (gap_ns <= bridge_max_ns_) {
      figure_.joules += (last_value_ + watts) / 2 * static_cast<double>(gap_ns) * 1e-9;
      figure_.covered_ns += gap_ns;
      figure_.largest_gap_ns = std::max(figure_.largest_gap_ns, gap_ns);
    } else {
      figure_.uncovered_ns += gap_ns;
    }
  }
  last_value_ = watts;
  last_ns_ = boottime_ns;
}

}  // namespace farmhand
