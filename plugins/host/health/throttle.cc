// SPDX-License-Identifier: Apache-2.0
// `throttle`: processors that slow down because of their temperature, as Intel's count it (linux
// arch/x86/events and drivers/thermal/intel/therm_throt.c, cpu*/thermal_throttle).
#include <farmhand/sysfs.hh>
#include <farmhand/watch.hh>
#include <map>

#include "check.hh"

namespace farmhand::node {

namespace {

constexpr uint64_t kWindowNs = 60'000'000'000;
// A tenth of the window. A blip when a load starts is no fault.
constexpr double kMostMs = 6000;
// For kernels that count events but no time.
constexpr double kMostEvents = 30;

class Throttle : public Check {
 public:
  explicit Throttle(const Roots& roots) : cpus_(roots.sys + "/devices/system/cpu/") {}

  void look(Call& call) override {
    if (!exists(cpus_ + "cpu0/thermal_throttle")) return;
    std::map<int64_t, Reading> packages;  // the count is the package's on each of its processors
    bool timed = false;
    for (const std::string& name : names_in(cpus_)) {
      if (!name.starts_with("cpu") || !integer_from(name.substr(3))) continue;
      const auto package = find_integer(cpus_ + name + "/topology/physical_package_id");
      if (packages.count(package.value_or(0)) != 0) continue;
      const std::string folder = cpus_ + name + "/thermal_throttle/package_throttle_";
      Reading now = read_number(folder + "total_time_ms");
      timed = now.ok();
      if (!timed) now = read_number(folder + "count");
      packages[package.value_or(0)] = now;
    }
    emit(call, packages, timed);
  }

 private:
  void emit(Call& call, const std::map<int64_t, Reading>& packages, bool timed) {
    Worst worst("throttle");
    const double most = timed ? kMostMs : kMostEvents;
    for (const auto& [package, now] : packages) {
      if (!now.ok()) continue;
      const double recent = bursts_.try_emplace(package, kWindowNs).first->second.look(now);
      const Measure measure{"throttle." + std::to_string(package),
                            timed ? recent * 1e6 : recent,
                            timed ? FH_UNIT_NANOSECOND : FH_UNIT_NONE,
                            "within the last minute",
                            {},
                            timed ? most * 1e6 : most};
      if (recent < most) {
        worst.add_ok({measure});
        continue;
      }
      worst.add(FH_VERDICT_WARN, FH_REASON_THROTTLE_THERMAL,
                timed ? said("processor %lld was slowed down for %.1f s of the last minute",
                             static_cast<long long>(package), recent / 1e3)
                      : said("processor %lld was slowed down %.0f times in the last minute",
                             static_cast<long long>(package), recent),
                {measure});
    }
    worst.emit(call);
  }

  std::string cpus_;
  std::map<int64_t, Burst> bursts_;
};

}  // namespace

std::unique_ptr<Check> throttle_check(const Roots& roots) {
  return std::make_unique<Throttle>(roots);
}

}  // namespace farmhand::node
