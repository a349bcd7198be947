// SPDX-License-Identifier: Apache-2.0
// The plugin `rebellions`: ATOM, ATOM+, ATOM-Max, REBEL. A reading's way: series.cc says which,
// look.cc where from, driver.cc, ml_library.cc and smi_tool.cc read it; README.md says what is
// verified.
#include <farmhand/plugin.hh>

#include "health.hh"
#include "inventory.hh"
#include "jobs.hh"
#include "series.hh"

namespace farmhand::rebellions {

namespace {

HealthLimits limits_from(const Settings& settings) {
  return {static_cast<double>(settings.number("temperature_warn", 90, 1, 200)),
          static_cast<double>(settings.number("temperature_fail", 0, 0, 200)),
          static_cast<uint64_t>(settings.number("state_seconds", 60, 0, 86'400)) * 1'000'000'000};
}

HeatUnit::Kind unit_from(const Settings& settings) {
  const std::string word =
      settings.choice("temperature_unit", {"detect", "celsius", "millicelsius"});
  return word == "celsius"        ? HeatUnit::Kind::kCelsius
         : word == "millicelsius" ? HeatUnit::Kind::kMillicelsius
                                  : HeatUnit::Kind::kDetect;
}

class Rebellions {
 public:
  Rebellions(const Host& host, const Settings& settings)
      : settings_(settings),
        root_(settings.text("root", "/")),
        shared_{MlLibrary(settings.list("library", "librbln-ml.so.1")),
                SmiTool(settings.list("tool", "rbln-smi,rbln-stat")),
                HeatUnit(unit_from(settings)),
                StatusTable(settings.text("status_shifted_from")),
                {}},
        limits_(limits_from(settings)),
        inventory_(host, settings_, root_, shared_),
        jobs_(root_, shared_.tool,
              root_ / settings.text("group_lock", "var/run/rbln-rsd-group.lock"),
              settings.choice("groups", {"make", "keep"}) == "make") {
    settings.refuse_unknown({"root", "library", "tool", "temperature_warn", "temperature_fail",
                             "state_seconds", "temperature_unit", "status_shifted_from",
                             "group_lock", "groups"});
  }

  void enumerate(Call& call) {
    for (const auto& card : inventory_.enumerate(call)) list(call, *card);
  }

  void metrics(Call& call) {
    const auto card = inventory_.card(call.device());
    Look look(*card, shared_, call, root_);
    series_of(look).declare(call);
  }

  void sample(Call& call, std::span<const uint32_t> ids) {
    const auto card = inventory_.card(call.device());
    Look look(*card, shared_, call, root_);
    series_of(look).sample(call, ids);
    if (look.lost()) {
      fail(FH_E_DEVICE_LOST, "the vendor's library does not find %s", card->key.c_str());
    }
  }

  void check(Call& call) {
    if (call.device() == FH_NO_DEVICE) return;
    const auto card = inventory_.card(call.device());
    if (!card->places.managed()) return check_unmanaged(call, *card);
    Look look(*card, shared_, call, root_);
    check_card(call, look, shared_.table, limits_);
  }

  void prepare(Call& call, const Lease& lease) {
    Jobs::Cards cards;
    for (const Leased& each : lease.devices) {
      cards.push_back(inventory_.card(each.device));
      if (!cards.back()->places.managed()) {
        fail(FH_E_UNSUPPORTED, "%s has no driver that makes nodes", cards.back()->key.c_str());
      }
    }
    jobs_.prepare(call, lease, cards);
  }

  void release(Call& call, const Lease& lease) {
    Jobs::Cards cards;
    for (const Leased& each : lease.devices) {
      try {
        cards.push_back(inventory_.card(each.device));
      } catch (const Failure&) {  // it is gone: nothing to take back of it
      }
    }
    jobs_.release(call, cards);
  }

 private:
  Settings settings_;
  Root root_;
  Shared shared_;
  HealthLimits limits_;
  Inventory inventory_;
  Jobs jobs_;
};

}  // namespace

}  // namespace farmhand::rebellions

FARMHAND_PLUGIN(farmhand::rebellions::Rebellions, "rebellions", "rebellions", FARMHAND_VERSION);
