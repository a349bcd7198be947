// SPDX-License-Identifier: Apache-2.0
// The plugin `accel`: devices of the kernel's own interfaces. README.md lists them.
#include <farmhand/plugin.hh>
#include <memory>
#include <mutex>

#include "card.hh"
#include "nodes.hh"

namespace farmhand::accel {

namespace {

class Accel {
 public:
  Accel(const Host&, const Settings& settings)
      : settings_(settings), root_(settings.text("root", "/")), catalogue_(settings) {
    settings.refuse_unknown({"root", "match", "others", "skip", "link_rests"});
    finder_.others = settings.choice("others", {"no", "yes"}) == "yes";
    card_.link_rests = settings.choice("link_rests", {"no", "yes"}) == "yes";
    // FuriosaAI, Rebellions and NVIDIA, whose plugins know more (pci-ids.ucw.cz).
    for (const std::string& each : settings.list("skip", "1ed2,1eff,10de")) {
      const auto id = hex_from(each);
      if (!id) fail(FH_E_INVALID, "setting 'skip' has '%s': write a PCI vendor id", each.c_str());
      finder_.skip.push_back(static_cast<uint32_t>(*id));
    }
  }

  void enumerate(Call& call) {
    for (Found& found : find_devices(root_, catalogue_, finder_)) {
      if (settings_.excluded(found.key)) continue;
      emit_device(call, *card_for(std::move(found)));
    }
  }

  void metrics(Call& call) { require(call.device())->declare(call); }

  void sample(Call& call, std::span<const uint32_t> ids) {
    require(call.device())->sample(call, ids);
  }

  void check(Call& call) {
    if (call.device() != FH_NO_DEVICE) require(call.device())->check(call);
  }

  void prepare(Call& call, const Lease& lease) {
    std::string visible;  // Tenstorrent's numbers, in the lease's order
    for (const Leased& each : lease.devices) {
      const std::shared_ptr<Card> card = require(each.device);
      const Found& found = card->found();
      card->require_present();
      if (!each.slice.empty()) fail(FH_E_INVALID, "%s has no slices", found.key.c_str());
      if (found.state != FH_DEVICE_MANAGED) {
        fail(FH_E_UNSUPPORTED, "%s: %s", found.key.c_str(), found.note.c_str());
      }
      const std::vector<std::string> nodes = nodes_of(found.folder);
      if (nodes.empty()) {
        fail(FH_E_UNSUPPORTED, "%s: its driver %s makes no device node", found.key.c_str(),
             found.driver.c_str());
      }
      for (const std::string& node : nodes) call.emit(node_record(node));
      if (found.family == Family::kTenstorrent) {
        visible += (visible.empty() ? "" : ",") + std::to_string(found.index);
      }
    }
    // The numbers of /dev/tenstorrent (tenstorrent/tt-umd reads the variable).
    if (!visible.empty()) call.emit(variable_record("TT_VISIBLE_DEVICES", visible));
  }

  // Nothing was changed, so there is nothing to take back.
  void release(Call&, const Lease&) {}

 private:
  // A device that moved or got another driver is looked at afresh, under its old handle.
  std::shared_ptr<Card> card_for(Found found) {
    const std::lock_guard lock(mutex_);
    const auto handle = handles_.try_emplace(found.key, handles_.size()).first->second;
    std::shared_ptr<Card>& card = cards_[handle];
    if (!card || !card->found().same_place(found)) {
      card = std::make_shared<Card>(handle, std::move(found), card_);
    }
    return card;
  }

  std::shared_ptr<Card> require(uint32_t handle) {
    const std::lock_guard lock(mutex_);
    const auto card = cards_.find(handle);
    if (card == cards_.end()) fail(FH_E_INVALID, "no device has the handle %u", handle);
    return card->second;
  }

  static void emit_device(Call& call, const Card& card) {
    const Found& found = card.found();
    fh_device record = device_record(card.handle(), found.key);
    record.state = found.state;
    record.numa_node = found.numa_node;
    record.index = found.index;
    record.vendor = str(found.vendor);
    record.model = str(found.model);
    record.serial = str(found.serial);
    record.uuid = str(found.uuid);
    record.pci = str(found.pci);
    record.firmware = str(found.firmware);
    record.driver = str(found.driver);
    record.note = str(found.note);
    call.emit(record);
  }

  Settings settings_;
  Root root_;
  Catalogue catalogue_;
  FinderOptions finder_;
  CardOptions card_;
  std::mutex mutex_;                         // enumeration runs beside the other calls
  std::map<std::string, uint32_t> handles_;  // by key; a known device keeps its handle
  std::map<uint32_t, std::shared_ptr<Card>> cards_;
};

}  // namespace

}  // namespace farmhand::accel

FARMHAND_PLUGIN(farmhand::accel::Accel, "accel", "accel", FARMHAND_VERSION);
