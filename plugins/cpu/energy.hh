// SPDX-License-Identifier: Apache-2.0
// RAPL energy counters of a package, through powercap (linux
// Documentation/power/powercap/powercap.rst: energy_uj wraps at max_energy_range_uj).
#pragma once

#include <farmhand/sysfs.hh>
#include <optional>
#include <string>
#include <vector>

namespace farmhand::cpu {

// One zone's counter without its wraps.
class EnergyZone {
 public:
  explicit EnergyZone(std::string folder) : folder_(std::move(folder)) {}

  // Joules since the first look. After a gap in which it may have wrapped more than once it starts
  // again from zero, which a counter may, rather than lie.
  Reading look(uint64_t now_ns = boottime_ns());

 private:
  // A zone of 65 kJ, the smallest there is, lasts for a minute at 1 kW.
  static constexpr uint64_t kGapNs = 60'000'000'000;

  std::string folder_;
  std::optional<double> last_uj_;
  uint64_t last_ns_ = 0;
  double joules_ = 0;
};

// A package may have several dies with a zone each.
class Energy {
 public:
  // Zones of package `id`; `part` is empty for the package's own, `dram` for its memory's.
  static Energy of_package(const Root& root, int32_t id, std::string_view part);

  bool present() const { return !zones_.empty(); }
  Reading joules();
  // From the energy between two looks; unknown until the second.
  Reading watts();

 private:
  std::vector<EnergyZone> zones_;
  std::optional<double> base_;
  uint64_t base_ns_ = 0;
  Reading watts_;
};

}  // namespace farmhand::cpu
