// SPDX-License-Identifier: Apache-2.0
#include "inventory.hh"

namespace farmhand::rebellions {

namespace {

// RBLN-SW/rbln-npu-feature-discovery@a14eabb, internal/sysfs/sysfs.go
constexpr uint32_t kPciVendor = 0x1eff;
constexpr uint32_t kBridge = 0x06;  // base class

void take_unless_known(std::string* into, const std::string& from) {
  if (into->empty()) *into = from;
}

// The SDK's book of keys prefers a serial number, which here belongs to a card of several devices.
struct Named {
  std::string pci, serial, uuid, key;
};

void take_identity(Card* card, const ToolCard& tool) {
  card->pci = tool.pci;
  take_unless_known(&card->uuid, tool.uuid);
  take_unless_known(&card->serial, tool.serial);
  take_unless_known(&card->part, tool.part);
  take_unless_known(&card->firmware, tool.firmware);
  take_unless_known(&card->driver_version, tool.driver);
  if (!card->group) card->group = tool.group;
  if (card->numa_node < 0) card->numa_node = tool.numa_node;
  if (card->index < 0 && tool.number) card->index = static_cast<int32_t>(*tool.number);
}

std::string note_on_unmanaged(const PciDevice& pci) {
  if (pci.driver.empty()) {
    return "on the PCI bus, and no driver is bound to it: install or load Rebellions' driver";
  }
  return "on the PCI bus with the driver '" + clean(pci.driver) +
         "', and neither its files nor library nor tool show it: read the kernel's log";
}

std::string note_on_managed(const Card& card) {
  std::string note;
  const auto add = [&](const std::string& text) { note += (note.empty() ? "" : ", ") + text; };
  if (!card.part.empty()) add(card.part);
  if (card.siblings > 1) {
    add("one of " + std::to_string(card.siblings) + " devices of card " + card.serial);
  }
  if (card.group && *card.group != 0) add("in RSD group " + std::to_string(*card.group));
  if (card.virtual_function()) add("a virtual function");
  if (!card.places.driver) add("not in the driver's files");
  return note;
}

std::vector<uint32_t> numbers_of(const DriverCards& driver) {
  std::vector<uint32_t> numbers;
  for (const DriverCard& each : driver.cards) numbers.push_back(each.number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

// False where there is no PCI bus to look at. A physical function with its virtual ones switched on
// is not to be used: those are the devices then.
bool Inventory::add_pci(Drafts* drafts) const {
  PciScan scan = scan_pci(root_, kPciVendor);
  for (PciDevice& each : scan.devices) {
    if (each.base_class() == kBridge || each.virtual_functions != 0) continue;
    Card& card = (*drafts)[each.address];
    card.pci = each.address;
    card.numa_node = each.numa_node >= 0 ? each.numa_node : -1;
    card.part = part_of_pci(each.device);
    for (const Hwmon& chip : hwmons_of(each.folder)) {
      card.sensors.insert(card.sensors.end(), chip.sensors.begin(), chip.sensors.end());
    }
    card.places.pci = std::move(each);
  }
  return scan.status == FH_SAMPLE_OK;
}

void Inventory::add_driver(Drafts* drafts, const DriverCards& driver) const {
  bool forbidden = false;
  for (const DriverCard& each : driver.cards) {
    forbidden = forbidden || each.status == FH_SAMPLE_NO_PERMISSION;
    if (each.pci.empty()) continue;
    Card& card = (*drafts)[each.pci];
    card.pci = each.pci;
    card.index = static_cast<int32_t>(each.number);
    card.driver_version = each.version;
    if (!each.part.empty()) card.part = each.part;
    card.places.driver = each;
  }
  for (auto& [pci, card] : *drafts) {
    if (forbidden && !card.places.driver) card.state = FH_DEVICE_NO_PERMISSION;
  }
}

// While a device is quarantined, something has to say which it is, for the driver's files have no
// UUID. The tool is a process of its own, which can be killed if the device hangs it.
void Inventory::identify_by_tool(Drafts* drafts, Call& call) {
  const auto report = shared_.tool.report(call);
  if (report && report->ok()) {
    for (const ToolCard& each : report->cards) {
      if (drafts->contains(each.pci)) take_identity(&(*drafts)[each.pci], each);
    }
  }
  name(drafts);
  for (const auto& [pci, card] : *drafts) {
    if (settings_.excluded(card.key)) return;
  }
  if (report && report->ok()) return;  // it left the machine
  fail(FH_E_UNSUPPORTED, "a device is quarantined, and nothing says which: %s",
       report ? report->problem.c_str() : "the tool has not answered yet");
}

// Opens the nodes of all devices, or of those that are not quarantined.
bool Inventory::add_library(Drafts* drafts, const DriverCards& driver, std::string* problem) {
  const std::unique_lock lock(shared_.lock, Shared::kWait);
  if (!lock.owns_lock()) {
    *problem = "another call of the library has not returned";
    return false;
  }
  std::vector<uint32_t> numbers = numbers_of(driver);
  const bool only = settings_.excludes_any();
  if (only) {
    numbers.clear();
    for (const auto& [pci, card] : *drafts) {
      if (settings_.excluded(card.key) || !card.places.driver) continue;
      numbers.push_back(card.places.driver->number);
    }
    *problem = "no device that may be touched has a number";
    if (numbers.empty()) return false;
  }
  shared_.library.load(numbers, only);
  *problem = shared_.library.description();
  if (!shared_.library.usable()) return false;
  const auto cards = shared_.library.cards(problem);
  if (!cards) return false;
  for (const MlCard& each : *cards) {
    Card& card = (*drafts)[each.pci];
    card.pci = each.pci;
    if (!each.uuid.empty()) card.uuid = each.uuid;
    if (!each.serial.empty()) card.serial = each.serial;
    take_unless_known(&card.part, each.part);
    take_unless_known(&card.firmware, each.firmware);
    take_unless_known(&card.driver_version, each.driver);
    card.group = each.group;
    if (card.numa_node < 0) card.numa_node = each.numa_node;
    if (card.index < 0) card.index = static_cast<int32_t>(each.number);
    card.places.library = each;
  }
  return true;
}

// For drivers whose folders have no link to the PCI device: library or tool know the number.
void Inventory::join_by_number(Drafts* drafts, const DriverCards& driver) const {
  for (const DriverCard& each : driver.cards) {
    if (!each.pci.empty()) continue;
    for (auto& [pci, card] : *drafts) {
      if (card.places.driver || card.index != static_cast<int32_t>(each.number)) continue;
      card.places.driver = each;
      take_unless_known(&card.driver_version, each.version);
      if (!each.part.empty()) card.part = each.part;
    }
  }
}

bool Inventory::add_tool(Drafts* drafts, Call& call, std::string* problem) const {
  const auto report = shared_.tool.report(call);
  if (!report || !report->ok()) {
    *problem = report ? report->problem : "the tool has not answered yet";
    return false;
  }
  for (const ToolCard& each : report->cards) {
    if (each.pci.empty()) continue;
    Card& card = (*drafts)[each.pci];
    if (card.places.library) continue;
    take_identity(&card, each);
    card.places.tool = each;
  }
  return true;
}

void Inventory::name(Drafts* drafts) {
  std::vector<Named> named;
  for (const auto& [pci, card] : *drafts) named.push_back({card.pci, card.uuid, {}, {}});
  std::vector<Named*> all;
  for (Named& each : named) all.push_back(&each);
  book_.name(all);
  for (const Named& each : named) {
    Card& card = drafts->at(each.pci);
    card.uuid = each.serial;
    card.key = each.key;
  }
}

void Inventory::describe(Card* card) {
  card->model = find_model(card->part);
  card->model_name = card->model != nullptr ? std::string(card->model->name) : card->part;
  if (card->places.managed()) {
    card->state = FH_DEVICE_MANAGED;
    card->note = note_on_managed(*card);
  } else if (card->state == FH_DEVICE_NO_PERMISSION) {
    card->note = "the driver's files below /sys/class may not be read by this user";
  } else {
    card->state = FH_DEVICE_UNMANAGED;
    card->note = note_on_unmanaged(*card->places.pci);
  }
}

std::vector<std::shared_ptr<const Card>> Inventory::enumerate(Call& call) {
  Drafts drafts;
  const bool bus = add_pci(&drafts);
  const DriverCards driver = find_driver_cards(root_);
  add_driver(&drafts, driver);
  // With a bus to look at, no device there is no device: nobody else needs to be asked.
  const bool any = !drafts.empty();
  const bool limited = any && settings_.excludes_any();
  if (limited) identify_by_tool(&drafts, call);
  std::string library_problem, tool_problem;
  bool asked = (any || !bus) && add_library(&drafts, driver, &library_problem);
  join_by_number(&drafts, driver);
  bool all_known = any;
  for (const auto& [pci, card] : drafts) all_known = all_known && card.places.library;
  // The tool touches every device, so not while one is to be left alone.
  if (!limited && !all_known && (any || (!bus && !asked))) {
    asked = add_tool(&drafts, call, &tool_problem) || asked;
    join_by_number(&drafts, driver);
  }
  if (!bus && !any && !asked) {
    fail(FH_E_UNSUPPORTED, "not detectable: no PCI bus and no driver below '%s'; %s; %s",
         (root_ / "sys").c_str(), library_problem.c_str(), tool_problem.c_str());
  }
  // Library and tool remember devices that left the machine.
  if (bus) std::erase_if(drafts, [](const auto& each) { return !each.second.places.pci; });
  const std::string said = library_problem + (tool_problem.empty() ? "" : "; " + tool_problem);
  if (said != said_ && !said.empty()) host_.info(said);
  said_ = said;
  name(&drafts);
  std::map<std::string, uint32_t> by_serial;
  for (const auto& [pci, card] : drafts) ++by_serial[card.serial];
  std::vector<std::shared_ptr<const Card>> cards;
  for (auto& [pci, card] : drafts) {
    if (settings_.excluded(card.key)) continue;
    if (!card.serial.empty()) card.siblings = by_serial[card.serial];
    describe(&card);
    cards.push_back(roster_.admit(std::move(card), &book_));
  }
  roster_.set(cards);
  return cards;
}

}  // namespace farmhand::rebellions
