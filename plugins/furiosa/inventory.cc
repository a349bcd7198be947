// SPDX-License-Identifier: Apache-2.0
#include "inventory.hh"

namespace farmhand::furiosa {

namespace {

constexpr uint32_t kPciVendor = 0x1ed2;  // FuriosaAI (documentation v2024.1.0, prerequisites)
constexpr uint32_t kBridge = 0x06;       // base class

void take_unless_known(std::string* into, const std::string& from) {
  if (into->empty()) *into = from;
}

uint32_t cores_of(const Card& card) {
  uint32_t cores = 0;
  for (const CoreRange& range : card.ranges) cores = std::max(cores, range.last + 1);
  if (cores == 0 && card.places.library) cores = card.places.library->cores;
  if (cores == 0 && card.model != nullptr) cores = card.model->cores;
  return cores;
}

std::string note_on_unmanaged(const PciDevice& pci) {
  if (pci.driver.empty()) {
    return "on the PCI bus, and no driver is bound to it: install or load FuriosaAI's driver";
  }
  return "on the PCI bus with the driver '" + clean(pci.driver) +
         "', which does not show it: read the kernel's log";
}

}  // namespace

Inventory::Inventory(const Host& host, const Settings& settings, const Root& root,
                     SharedLibrary& library, SmiTool& tool)
    : host_(host),
      settings_(settings),
      root_(root),
      library_(library),
      tool_(tool),
      touching_all_allowed_(!settings.excludes_any()) {}

// False where there is no PCI bus to look at.
bool Inventory::add_pci(Drafts* drafts) const {
  PciScan scan = scan_pci(root_, kPciVendor);
  for (PciDevice& each : scan.devices) {
    // A virtual function is a part of its card, and a guest's.
    if (each.base_class() == kBridge || each.virtual_function) continue;
    Card& card = (*drafts)[each.address];
    card.pci = each.address;
    card.numa_node = each.numa_node >= 0 ? each.numa_node : -1;
    card.model = find_model_of_pci(each.device);
    if (card.model != nullptr) card.model_name = card.model->name;
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
    card.serial = each.serial;
    card.uuid = each.uuid;
    card.firmware = each.firmware;
    card.driver_version = each.version;
    if (!each.model.empty()) card.model_name = each.model;
    card.ranges = read_ranges(each);
    card.places.driver = each;
  }
  for (auto& [pci, card] : *drafts) {
    if (forbidden && !card.places.driver) card.state = FH_DEVICE_NO_PERMISSION;
  }
}

// The library touches every card, also one that must be left alone: then it is not asked at all.
bool Inventory::add_library(Drafts* drafts, std::string* problem) {
  if (!touching_all_allowed_) {
    *problem = "the library is not asked while a card is quarantined: it would touch that card too";
    return false;
  }
  const std::unique_lock lock(library_.lock, SharedLibrary::kWait);
  if (!lock.owns_lock()) {
    *problem = "another call of the library has not returned";
    return false;
  }
  library_.library.load();
  *problem = library_.library.description();
  if (!library_.library.usable()) return false;
  const auto cards = library_.library.cards(problem);
  if (!cards) return false;
  const std::string version = library_.library.driver_version();
  for (const SmiCard& each : *cards) {
    Card& card = (*drafts)[each.pci];
    card.pci = each.pci;
    take_unless_known(&card.serial, each.serial);
    take_unless_known(&card.uuid, each.uuid);
    take_unless_known(&card.model_name, each.model);
    take_unless_known(&card.firmware, each.firmware);
    take_unless_known(&card.driver_version, version);
    if (card.numa_node < 0) card.numa_node = each.numa_node;
    card.places.library = each;
  }
  for (auto& [pci, card] : *drafts) {
    if (card.places.managed() || !library_.library.is_drained(pci)) continue;
    card.note = "drained by its operator: 'furiosa-smi drain unset " + pci + "' brings it back";
  }
  return true;
}

bool Inventory::add_tool(Drafts* drafts, Call& call, std::string* problem) {
  if (!touching_all_allowed_) {
    *problem = "furiosa-smi is not run while a card is quarantined: it would touch that card too";
    return false;
  }
  const auto report = tool_.report(call);
  if (!report || !report->ok()) {
    *problem = report ? report->problem : "furiosa-smi has not answered yet";
    return false;
  }
  for (const ToolCard& each : report->cards) {
    if (each.pci.empty()) continue;
    Card& card = (*drafts)[each.pci];
    if (card.places.managed()) continue;
    card.pci = each.pci;
    take_unless_known(&card.serial, each.serial);
    take_unless_known(&card.uuid, each.uuid);
    take_unless_known(&card.model_name, each.model);
    take_unless_known(&card.firmware, each.firmware);
    card.places.tool = each;
  }
  return true;
}

void Inventory::describe(Card* card) {
  if (const Model* model = find_model(card->model_name)) card->model = model;
  card->cores = cores_of(*card);
  if (card->ranges.empty() && card->cores > 0) {
    for (uint32_t core = 0; core < card->cores; ++core) card->ranges.push_back({core, core});
  }
  if (card->places.managed()) {
    card->state = FH_DEVICE_MANAGED;
    if (!card->places.driver) card->note = "seen through the vendor's library or tool only";
    return;
  }
  card->ranges.clear();
  if (card->state == FH_DEVICE_NO_PERMISSION) {
    card->note = "the driver's files below /sys/class may not be read by this user";
    return;
  }
  card->state = FH_DEVICE_UNMANAGED;
  if (card->note.empty()) card->note = note_on_unmanaged(*card->places.pci);
}

// The vendor's library goes on naming a card that left the bus until it is loaded anew.
void Inventory::drop_absent(Drafts* drafts) const {
  std::erase_if(*drafts, [&](const auto& draft) {
    const bool absent = !draft.second.places.pci.has_value();
    if (absent) host_.info(draft.first + " is named by the vendor's software and not on the bus");
    return absent;
  });
}

std::vector<std::shared_ptr<const Card>> Inventory::enumerate(Call& call) {
  Drafts drafts;
  const bool bus = add_pci(&drafts);
  const DriverCards driver = find_driver_cards(root_);
  any_driver_ = driver.classes > 0;
  add_driver(&drafts, driver);
  // With a bus to look at, no card there is no card: nobody else needs to be asked.
  const bool answered = bus || !drafts.empty();
  std::string library_problem, tool_problem;
  bool asked = false;
  if (!bus || !drafts.empty()) asked = add_library(&drafts, &library_problem);
  bool all_managed = !drafts.empty();
  for (const auto& [pci, card] : drafts) all_managed = all_managed && card.places.managed();
  if (!all_managed && (!drafts.empty() || (!bus && !asked))) {
    asked = add_tool(&drafts, call, &tool_problem) || asked;
  }
  if (!answered && !asked) {
    fail(FH_E_UNSUPPORTED, "not detectable: no PCI bus and no driver below '%s'; %s; %s",
         (root_ / "sys").c_str(), library_problem.c_str(), tool_problem.c_str());
  }
  if (bus) drop_absent(&drafts);
  if (library_problem != library_said_) host_.info(library_problem);
  library_said_ = library_problem;
  std::vector<Card*> all;
  for (auto& [pci, card] : drafts) all.push_back(&card);
  book_.name(all);
  std::vector<std::shared_ptr<const Card>> cards;
  for (auto& [pci, card] : drafts) {
    if (settings_.excluded(card.key)) continue;
    describe(&card);
    cards.push_back(roster_.admit(std::move(card), &book_));
  }
  roster_.set(cards);
  return cards;
}

}  // namespace farmhand::furiosa
