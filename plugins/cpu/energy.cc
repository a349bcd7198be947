// SPDX-License-Identifier: Apache-2.0
#include "energy.hh"

namespace farmhand::cpu {

namespace {

constexpr uint64_t kWindowNs = 500'000'000;
constexpr double kWattsMax = 1e4;

// `intel-rapl:0` is a package's zone on AMD too, `intel-rapl:0:1` a part of it.
bool is_package_zone(std::string_view zone) {
  constexpr std::string_view kPrefix = "intel-rapl:";
  return zone.starts_with(kPrefix) && integer_from<uint32_t>(zone.substr(kPrefix.size()));
}

}  // namespace

Reading EnergyZone::look(uint64_t now_ns) {
  const Reading range = read_number(folder_ + "/max_energy_range_uj");
  const Reading now =
      within(read_number(folder_ + "/energy_uj"), 0, range.ok() ? range.value : 1e18);
  if (!now.ok()) {
    last_uj_.reset();
    return now;
  }
  const bool continues = last_uj_ && now_ns - last_ns_ < kGapNs;
  const double grown = continues ? now.value - *last_uj_ : 0;
  const bool lost = !continues || (grown < 0 && !range.ok());
  joules_ = lost ? 0 : joules_ + (grown < 0 ? grown + range.value : grown) * 1e-6;
  last_uj_ = now.value;
  last_ns_ = now_ns;
  return good(joules_);
}

Energy Energy::of_package(const Root& root, int32_t id, std::string_view part) {
  Energy energy;
  const std::string folder = root / "sys/class/powercap";
  const std::string wanted = "package-" + std::to_string(id);
  const Names zones = names_in(folder);
  for (const std::string& zone : zones) {
    if (!is_package_zone(zone)) continue;
    const std::string name = word_in_file(folder + "/" + zone + "/name");
    if (name != wanted && !name.starts_with(wanted + "-die-")) continue;
    if (part.empty()) energy.zones_.emplace_back(folder + "/" + zone);
    for (const std::string& each : zones) {
      const bool below = !part.empty() && each.starts_with(zone + ":");
      if (below && word_in_file(folder + "/" + each + "/name") == part) {
        energy.zones_.emplace_back(folder + "/" + each);
      }
    }
  }
  return energy;
}

Reading Energy::joules() {
  double sum = 0;
  for (EnergyZone& zone : zones_) {
    const Reading now = zone.look();
    if (!now.ok()) return now;
    sum += now.value;
  }
  return zones_.empty() ? no_reading(FH_SAMPLE_NOT_SUPPORTED) : good(sum);
}

Reading Energy::watts() {
  const Reading now = joules();
  const uint64_t now_ns = boottime_ns();
  if (!now.ok()) {
    base_.reset();
    return now;
  }
  const double used = now.value - base_.value_or(now.value);
  if (base_ && used >= 0 && now_ns - base_ns_ < kWindowNs) return watts_;
  const double seconds = static_cast<double>(now_ns - base_ns_) * 1e-9;
  watts_ = base_ && used >= 0 ? within(good(used / seconds), 0, kWattsMax) : Reading{};
  base_ = now.value;
  base_ns_ = now_ns;
  return watts_;
}

}  // namespace farmhand::cpu
