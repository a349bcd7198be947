// SPDX-License-Identifier: Apache-2.0
// The plugin `nvidia`: NVIDIA's GPUs through NVML. A reading's way: series.cc says which, look.cc
// asks the library; README.md says what is verified.
#include <farmhand/plugin.hh>

#include "division.hh"
#include "events.hh"
#include "health.hh"
#include "inventory.hh"
#include "jobs.hh"
#include "series.hh"
#include "slices.hh"

namespace farmhand::nvidia {

namespace {

// The plain name, then where distributions and NVIDIA's driver container put it.
constexpr std::string_view kLibraries =
    "libnvidia-ml.so.1,/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1,"
    "/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1,/usr/lib64/libnvidia-ml.so.1,"
    "/run/nvidia/driver/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1,"
    "/run/nvidia/driver/usr/lib/aarch64-linux-gnu/libnvidia-ml.so.1,"
    "/run/nvidia/driver/usr/lib64/libnvidia-ml.so.1";

class Nvidia {
 public:
  static constexpr uint64_t kFlags = FH_FLAG_OPENS_DEVICE_NODES;

  Nvidia(const Host& host, const Settings& settings)
      : settings_(settings),
        root_(settings.text("root", "/")),
        library_(settings.list("library", kLibraries)),
        inventory_(host, settings_, root_, library_),
        events_(library_) {
    settings.refuse_unknown({"root", "library"});
  }

  void stop() {
    events_.end();
    library_.close();
  }

  void enumerate(Call& call) {
    for (const auto& card : inventory_.enumerate(call)) {
      Card shown = *card;
      if (shown.managed()) shown.memory_bytes = memory_of(*card);
      list(call, shown);
    }
  }

  void metrics(Call& call) {
    const auto card = inventory_.card(call.device());
    Look look(*card, library_);
    declare_series(call, look);
  }

  void sample(Call& call, std::span<const uint32_t> ids) {
    const auto card = inventory_.card(call.device());
    Look look(*card, library_);
    sample_series(call, look, ids);
    look.require_present();
  }

  void check(Call& call) {
    if (call.device() == FH_NO_DEVICE) return;
    const auto card = inventory_.card(call.device());
    if (card->state == FH_DEVICE_NO_PERMISSION) return check_unmanaged(call, *card);
    Look look(*card, library_);
    if (!card->managed()) return check_unmanaged(call, *card);
    check_card(call, look);
  }

  void wait(Call& call) { events_.wait(call, inventory_); }

  void prepare(Call& call, const Lease& lease) {
    std::vector<std::shared_ptr<const Card>> cards;
    for (const Leased& each : lease.devices) cards.push_back(inventory_.card(each.device));
    prepare_lease(call, root_, lease, cards, library_);
  }

  // Nothing was made, so there is nothing to take back.
  void release(Call&, const Lease&) {}

  void slices(Call& call) { list_slices(call, *inventory_.card(call.device()), library_); }

  void profiles(Call& call) { list_profiles(call, *inventory_.card(call.device()), library_); }

  void divide(Call& call, std::span<const std::string> profiles) {
    divide_card(call, *inventory_.card(call.device()), library_, profiles);
  }

 private:
  // 0: not known. A card that leaves just now must not take the others off the list.
  uint64_t memory_of(const Card& card) {
    try {
      const Reading total = Look(card, library_).memory_total();
      return total.ok() ? static_cast<uint64_t>(total.value) : 0;
    } catch (const Failure&) {
      return 0;
    }
  }

  Settings settings_;
  Root root_;
  Nvml library_;
  Inventory inventory_;
  Events events_;
};

}  // namespace

}  // namespace farmhand::nvidia

FARMHAND_PLUGIN(farmhand::nvidia::Nvidia, "nvidia", "nvidia", FARMHAND_VERSION);
