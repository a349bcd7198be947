// SPDX-License-Identifier: Apache-2.0
// The plugin `sim`: simulated devices of real models, for tests, demonstrations and other people's
// dashboards. README.md says what can be set and how to break it.
#include <farmhand/plugin.hh>

#include "device.hh"
#include "misery.hh"

namespace farmhand::sim {

namespace {

constexpr int64_t kMetricsMax = 4096;

class Sim {
 public:
  Sim(const Host& host, const Settings& settings) : control_(host, settings.text("control")) {
    settings.refuse_unknown(
        {"devices", "model", "count", "metrics", "seed", "load", "energy", "control"});
    const Load load(settings.text("load", "jobs"));
    const auto count = static_cast<uint32_t>(settings.number("metrics", 32, 1, kMetricsMax));
    const std::string energy = settings.choice("energy", {"real", "always", "never"});
    for (Identity& identity : fleet_from_settings(settings)) {
      if (settings.excluded(identity.key)) {
        devices_.push_back(nullptr);
        continue;
      }
      const Model& model = *identity.model;
      const bool counter = energy == "always" || (energy == "real" && model.energy_counter);
      devices_.push_back(std::make_unique<Device>(control_, std::move(identity), load,
                                                  series_of(model, counter, count)));
    }
  }

  // The cards go on living over stop and start, as real ones do.
  void start() {
    if (started_ns_ == 0) started_ns_ = boottime_ns();
  }

  void enumerate(Call& call) {
    const auto is_on = [this](Fault fault) { return any(fault); };
    hang([&] { return is_on(Fault::kEnumerateHang); });
    if (is_on(Fault::kEnumerateFail)) {
      fail(FH_E_UNSUPPORTED, "simulated: the vendor's library is not installed");
    }
    for (const auto& device : devices_) {
      if (device) device->list(call);
    }
  }

  void metrics(Call& call) { device_of(call).metrics(call); }

  void sample(Call& call, std::span<const uint32_t> ids) {
    device_of(call).sample(call, ids, boottime_ns() - started_ns_);
  }

 private:
  Device& device_of(const Call& call) {
    const uint32_t handle = call.device();
    if (handle >= devices_.size() || !devices_[handle]) {
      fail(FH_E_INVALID, "no device has the handle %u", handle);
    }
    return *devices_[handle];
  }

  // For faults of the whole plugin: the target does not matter.
  bool any(Fault fault) {
    const Control::Lines lines = control_.lines();
    for (const FaultLine& line : *lines) {
      if (line.fault == fault) return true;
    }
    return false;
  }

  Control control_;
  std::vector<std::unique_ptr<Device>> devices_;  // by handle; null: excluded
  uint64_t started_ns_ = 0;
};

}  // namespace

}  // namespace farmhand::sim

FARMHAND_PLUGIN(farmhand::sim::Sim, "sim", "sim", FARMHAND_VERSION);
