// SPDX-License-Identifier: Apache-2.0
#include "inventory.hh"

namespace farmhand::sapeon {

namespace {

Card card_on_bus(PciDevice device, const std::string& model) {
  Card card;
  card.pci = device.address;
  card.numa_node = device.numa_node >= 0 ? device.numa_node : -1;
  card.model_name = model;
  card.note = device.bound() ? "known by its PCI id only: an adapter would say more"
                             : "on the PCI bus, and no driver is bound to it";
  for (const Hwmon& chip : hwmons_of(device.folder)) {
    card.sensors.insert(card.sensors.end(), chip.sensors.begin(), chip.sensors.end());
  }
  card.device = std::move(device);
  return card;
}

}  // namespace

Inventory::Inventory(const Host& host, const Settings& settings, const Root& root, Adapter& adapter)
    : host_(host),
      settings_(settings),
      root_(root),
      adapter_(adapter),
      matches_(matches_from(settings)) {}

// False where there is nothing to look for, or no PCI bus to look at.
bool Inventory::add_pci(std::vector<Card>* cards) const {
  if (matches_.empty()) return false;
  PciScan scan = scan_pci(root_);
  for (PciDevice& each : scan.devices) {
    for (const Match& match : matches_) {
      if (each.vendor != match.vendor_id || each.device != match.device_id) continue;
      cards->push_back(card_on_bus(std::move(each), match.model));
      break;
    }
  }
  return scan.status == FH_SAMPLE_OK;
}

// The card at this address, found on the bus if its id was not configured; a new one without a bus.
Card& Inventory::card_at(const std::string& pci, std::vector<Card>* cards) const {
  for (Card& each : *cards) {
    if (!pci.empty() && each.pci == pci) return each;
  }
  auto device = pci.empty() ? std::nullopt : find_pci(root_, pci);
  cards->push_back(device ? card_on_bus(std::move(*device), "") : Card());
  cards->back().pci = pci;
  return cards->back();
}

// A card that the adapter names is managed.
void Inventory::add_said(const Report& report, std::vector<Card>* cards) const {
  for (const AdapterCard& each : report.cards) {
    Card& card = card_at(each.pci, cards);
    card.serial = each.serial;
    card.uuid = each.uuid;
    card.firmware = each.firmware;
    card.driver_version = report.driver;
    if (!each.model.empty()) card.model_name = each.model;
    const Reading& memory = each[Quantity::kMemoryTotal];
    if (memory.ok()) card.memory_bytes = static_cast<uint64_t>(memory.value);
    card.state = FH_DEVICE_MANAGED;
    card.note.clear();
  }
}

// An adapter that fails does not take cards off the list that only it knows.
void Inventory::keep_unsaid(std::vector<Card>* cards) {
  for (const auto& each : roster_.all()) {
    if (each->device) continue;
    cards->push_back(*each);
    cards->back().state = FH_DEVICE_UNMANAGED;
    cards->back().note = "the adapter, which alone knows this card, does not answer";
  }
}

void Inventory::tell(const Report& report) {
  std::vector<std::string> lines = report.complaints;
  if (!report.problem.empty() && adapter_.configured()) lines.push_back(report.problem);
  if (lines == told_) return;
  for (const std::string& line : lines) host_.warn(line);
  told_ = std::move(lines);
}

std::vector<std::shared_ptr<const Card>> Inventory::enumerate(Call& call) {
  std::vector<Card> found;
  const bool bus = add_pci(&found);
  const auto seen = adapter_.report(call);
  const bool said = seen && seen->value.ok();
  if (seen) tell(seen->value);
  if (said) add_said(seen->value, &found);
  if (!said) keep_unsaid(&found);
  if (!bus && !said && found.empty()) {
    fail(FH_E_UNSUPPORTED,
         "not detectable: Sapeon's PCI ids are not public; set 'match', or 'adapter' (%s)",
         seen ? seen->value.problem.c_str() : "it did not answer lately");
  }
  std::vector<Card*> all;
  for (Card& each : found) all.push_back(&each);
  book_.name(all);
  std::vector<std::shared_ptr<const Card>> cards;
  for (Card& each : found) {
    if (settings_.excluded(each.key)) continue;
    each.model = find_model(each.model_name);
    cards.push_back(roster_.admit(std::move(each), &book_));
  }
  roster_.set(cards);
  return cards;
}

}  // namespace farmhand::sapeon
