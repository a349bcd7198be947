// SPDX-License-Identifier: Apache-2.0
// The plugin `sapeon`: Sapeon's X220 and X330, of which nothing below PCI is public. So it shows
// what the kernel shows of any PCI device, and what the operator's adapter says: README.md.
#include <farmhand/plugin.hh>

#include "health.hh"
#include "inventory.hh"
#include "series.hh"

namespace farmhand::sapeon {

namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

class Sapeon {
 public:
  Sapeon(const Host& host, const Settings& settings)
      : settings_(settings),
        root_(settings.text("root", "/")),
        adapter_(settings.list("adapter"), milliseconds("interval_ms", 5000, 600'000),
                 milliseconds("timeout_ms", 3000, 60'000)),
        temperature_warn_(static_cast<double>(settings.number("temperature_warn", 0, 0, 200))),
        inventory_(host, settings_, root_, adapter_) {
    settings.refuse_unknown(
        {"root", "match", "adapter", "interval_ms", "timeout_ms", "temperature_warn"});
  }

  void enumerate(Call& call) {
    for (const auto& card : inventory_.enumerate(call)) list(call, *card);
  }

  void metrics(Call& call) { declare(call, *inventory_.card(call.device())); }

  void sample(Call& call, std::span<const uint32_t> ids) {
    const auto card = inventory_.card(call.device());
    const Look look(*card, adapter_, call);
    if (look.said() != nullptr && look.said()->state == State::kLost) {
      fail(FH_E_DEVICE_LOST, "the adapter says that %s is lost", card->key.c_str());
    }
    emit_readings(call, look, ids);
  }

  void check(Call& call) {
    if (call.device() == FH_NO_DEVICE) return;
    const auto card = inventory_.card(call.device());
    check_card(call, Look(*card, adapter_, call), temperature_warn_);
  }

  // Only the adapter knows which nodes are a card's.
  void prepare(Call& call, const Lease& lease) {
    for (const Leased& each : lease.devices) {
      const auto card = inventory_.card(each.device);
      if (!each.slice.empty()) fail(FH_E_INVALID, "%s has no parts", card->key.c_str());
      const Look look(*card, adapter_, call);
      if (look.said() == nullptr || look.said()->nodes.empty()) {
        fail(FH_E_UNSUPPORTED, "the adapter names no device nodes of %s", card->key.c_str());
      }
      for (const std::string& node : look.said()->nodes) call.emit(node_record(node));
    }
    emit_environment(call, lease);
  }

  // Nothing was made, so there is nothing to take back.
  void release(Call&, const Lease&) {}

 private:
  uint64_t milliseconds(std::string_view key, int64_t otherwise, int64_t most) const {
    return static_cast<uint64_t>(settings_.number(key, otherwise, 10, most)) * kNsPerMs;
  }

  // A variable that several cards name gets their values in the order of the lease, with commas.
  void emit_environment(Call& call, const Lease& lease) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const Leased& each : lease.devices) {
      const auto card = inventory_.card(each.device);
      const Look look(*card, adapter_, call);
      if (look.said() == nullptr) continue;
      for (const auto& [name, value] : look.said()->environment) {
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const auto& other) { return other.first == name; });
        if (found == all.end()) {
          all.emplace_back(name, value);
        } else if (found->second != value) {
          found->second += "," + value;
        }
      }
    }
    for (const auto& [name, value] : all) call.emit(variable_record(name, value));
  }

  Settings settings_;
  Root root_;
  Adapter adapter_;
  double temperature_warn_;
  Inventory inventory_;
};

}  // namespace

}  // namespace farmhand::sapeon

FARMHAND_PLUGIN(farmhand::sapeon::Sapeon, "sapeon", "sapeon", FARMHAND_VERSION);
