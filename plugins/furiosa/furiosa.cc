// SPDX-License-Identifier: Apache-2.0
// The plugin `furiosa`: FuriosaAI's RNGD and Warboy. A reading's way: series.cc says which, look.cc
// where from, driver.cc and the SDK's pci.hh and hwmon.hh read it; README.md says what is verified.
#include <farmhand/plugin.hh>

#include "health.hh"
#include "inventory.hh"
#include "jobs.hh"
#include "series.hh"
#include "slices.hh"

namespace farmhand::furiosa {

namespace {

// FuriosaAI's acceptance test takes up to 80 °C for well.
HealthLimits limits_from(const Settings& settings) {
  return {
      static_cast<double>(settings.number("temperature_warn", 80, 1, 200)),
      static_cast<double>(settings.number("temperature_fail", 0, 0, 200)),
      static_cast<uint64_t>(settings.number("heartbeat_seconds", 30, 0, 86'400)) * 1'000'000'000};
}

class Furiosa {
 public:
  Furiosa(const Host& host, const Settings& settings)
      : settings_(settings),
        root_(settings.text("root", "/")),
        library_(settings.list("library", "libfuriosa_smi.so")),
        tool_(settings.text("tool", "furiosa-smi")),
        limits_(limits_from(settings)),
        inventory_(host, settings_, root_, library_, tool_) {
    settings.refuse_unknown(
        {"root", "library", "tool", "temperature_warn", "temperature_fail", "heartbeat_seconds"});
  }

  void enumerate(Call& call) {
    for (const auto& card : inventory_.enumerate(call)) list(call, *card);
  }

  void metrics(Call& call) {
    const auto card = inventory_.card(call.device());
    declare(call, *card, series_of(*card));
  }

  void sample(Call& call, std::span<const uint32_t> ids) {
    const auto card = inventory_.card(call.device());
    Look look(*card, library_, tool_, call, root_);
    if (card->places.managed() && look.state().liveness == Liveness::kDead) {
      fail(FH_E_DEVICE_LOST, "the driver says that %s is not alive", card->key.c_str());
    }
    const std::vector<Series> all = series_of(*card);
    for (const uint32_t id : ids) {
      call.check();
      if (id < all.size()) emit_reading(call, id, all[id], look);
    }
    if (look.lost()) {
      fail(FH_E_DEVICE_LOST, "the vendor's library says that %s is lost", card->key.c_str());
    }
  }

  void check(Call& call) {
    if (call.device() == FH_NO_DEVICE) return;
    const auto card = inventory_.card(call.device());
    if (!card->places.managed()) return check_unmanaged(call, *card);
    Look look(*card, library_, tool_, call, root_);
    check_card(call, look, limits_);
  }

  void prepare(Call& call, const Lease& lease) {
    std::vector<std::shared_ptr<const Card>> cards;
    for (const Leased& each : lease.devices) cards.push_back(inventory_.card(each.device));
    prepare_lease(call, root_, lease, cards);
  }

  // Nothing was made, so there is nothing to take back.
  void release(Call&, const Lease&) {}

  void slices(Call& call) {
    const auto card = inventory_.card(call.device());
    if (!card->places.managed()) return;
    Look look(*card, library_, tool_, call, root_);
    list_slices(call, look);
  }

  void profiles(Call& call) { list_profiles(call, *inventory_.card(call.device())); }

  void divide(Call& call, std::span<const std::string>) {
    inventory_.card(call.device());
    fail(FH_E_UNSUPPORTED, "the cores are always there: lease them as they are");
  }

 private:
  Settings settings_;
  Root root_;
  SharedLibrary library_;
  SmiTool tool_;
  HealthLimits limits_;
  Inventory inventory_;
};

}  // namespace

}  // namespace farmhand::furiosa

FARMHAND_PLUGIN(farmhand::furiosa::Furiosa, "furiosa", "furiosa", FARMHAND_VERSION);
