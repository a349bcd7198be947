// SPDX-License-Identifier: Apache-2.0
#include "inventory.hh"

#include "driver.hh"

namespace farmhand::nvidia {

namespace {

constexpr uint32_t kPciVendor = 0x10de;  // pci.ids
constexpr uint32_t kDisplay = 0x03;      // base classes; the cards' bridges and sound are others
constexpr uint32_t kAccelerator = 0x12;
constexpr uint32_t kCardsMax = 256;  // more of them is nonsense, not a list

// A text that fills its array to the end was not ended by who wrote it: it is not read.
template <uint32_t kSize>
std::string text_of(nvml::Ret (*question)(nvml::Device, char*, uint32_t), nvml::Device device) {
  char text[kSize + 1] = {};
  if (question == nullptr || question(device, text, kSize) != nvml::kSuccess) return {};
  const std::string_view whole = text_in(text, sizeof text);
  return whole.size() < kSize ? version_from(whole) : std::string();
}

// `00000000:10:00.0` has eight digits of domain where the kernel has four.
std::string address_of(nvml::Ret (*question)(nvml::Device, nvml::PciInfo*), nvml::Device device) {
  nvml::PciInfo info{};
  if (question == nullptr || question(device, &info) != nvml::kSuccess) return {};
  std::string_view text = text_in(info.bus_id, sizeof info.bus_id);
  if (text.size() == 16 && text.starts_with("0000")) text.remove_prefix(4);
  return pci_address_from(text);
}

std::vector<uint32_t> links_of(const nvml::Api& api, nvml::Device device) {
  std::vector<uint32_t> links;
  for (uint32_t link = 0; api.fabric_state != nullptr && link < nvml::kLinksMax; ++link) {
    uint32_t state = 0;
    const nvml::Ret code = api.fabric_state(device, link, &state);
    if (code == nvml::kNotSupported || is_lost(code)) break;
    if (code != nvml::kInvalidArgument) links.push_back(link);
  }
  return links;
}

}  // namespace

// False where there is no PCI bus to look at.
bool Inventory::add_pci(Drafts* drafts) const {
  PciScan scan = scan_pci(root_, kPciVendor);
  for (PciDevice& each : scan.devices) {
    const bool card = each.base_class() == kDisplay || each.base_class() == kAccelerator;
    // A virtual function is a part of its card, and a guest's.
    if (!card || each.virtual_function) continue;
    Card& draft = (*drafts)[each.address];
    draft.pci = each.address;
    draft.numa_node = each.numa_node >= 0 ? each.numa_node : -1;
    draft.bus = std::move(each);
  }
  return scan.status == FH_SAMPLE_OK;
}

void Inventory::add_driver(Drafts* drafts) const {
  const std::string version = word_in_file(root_ / "sys/module/nvidia/version");
  for (auto& [pci, card] : *drafts) {
    const auto entry = find_driver_entry(root_, pci);
    if (!entry) continue;
    card.uuid = entry->uuid;
    card.firmware = entry->vbios;
    card.minor = entry->minor;
    card.driver_version = version;
  }
}

// Asking the library for a card touches it. While one is quarantined, only those are asked for of
// which the driver's files say that they are others.
bool Inventory::must_leave_alone(const Card& card) const {
  if (!settings_.excludes_any()) return false;
  return card.uuid.empty() || settings_.excluded(card.uuid) || settings_.excluded(card.pci);
}

void Inventory::ask(Card* card) {
  const nvml::Api& api = library_.api();
  if (card->device == nullptr) {
    card->code = api.by_pci(card->pci.c_str(), &card->device);
    library_.note(card->code);
    if (card->code != nvml::kSuccess) card->device = nullptr;
  }
  const nvml::Device device = card->device;
  if (device == nullptr) return;
  const std::string uuid = name_from(text_of<nvml::kUuidSize>(api.uuid, device));
  if (!uuid.empty()) card->uuid = uuid;
  card->serial = name_from(text_of<nvml::kSerialSize>(api.serial, device));
  card->model_name = text_of<nvml::kNameSize>(api.name, device);
  const std::string vbios = text_of<nvml::kVbiosSize>(api.vbios, device);
  if (!vbios.empty()) card->firmware = vbios;
  char version[nvml::kVersionSize + 1] = {};
  if (api.driver_version != nullptr && api.driver_version(version, nvml::kVersionSize) == 0) {
    card->driver_version = version_from(text_in(version, nvml::kVersionSize));
  }
  uint32_t number = 0;
  const auto number_of = [&](nvml::Ret (*question)(nvml::Device, uint32_t*)) {
    return question != nullptr && question(device, &number) == 0 && number < kCardsMax;
  };
  if (number_of(api.minor)) card->minor = number;
  if (number_of(api.index)) card->index = static_cast<int32_t>(number);
  card->links = links_of(api, device);
}

// Where there is no bus to look at, or an old library that finds no card by its address.
void Inventory::add_unlisted(Drafts* drafts, Call& call) {
  const nvml::Api& api = library_.api();
  uint32_t count = 0;
  // This touches all cards, so it is left out while one must not be touched.
  if (settings_.excludes_any() || api.count(&count) != 0 || count > kCardsMax) return;
  for (uint32_t at = 0; at < count; ++at) {
    call.check();
    Card card;
    if (api.by_index(at, &card.device) != nvml::kSuccess) continue;
    card.pci = address_of(api.pci, card.device);
    if (card.pci.empty()) continue;
    Card& draft = (*drafts)[card.pci];
    draft.pci = card.pci;
    draft.device = card.device;
    ask(&draft);
  }
}

void Inventory::add_library(Drafts* drafts, bool bus, Call& call) {
  if (!bus || library_.api().by_pci == nullptr) return add_unlisted(drafts, call);
  for (auto& [pci, card] : *drafts) {
    call.check();
    if (card.bus->driver == "nvidia" && !must_leave_alone(card)) ask(&card);
  }
}

void Inventory::name(Card* card) {
  std::string& known = uuids_[card->pci];
  if (card->uuid.empty()) card->uuid = known;
  known = card->uuid;
  card->key = card->uuid.empty() ? card->pci : card->uuid;
  card->model = find_model(card->model_name);
}

void Inventory::note_unmanaged(Card* card, const std::string& problem) const {
  const std::string driver = card->bus ? card->bus->driver : std::string();
  if (card->bus && driver.empty()) {
    card->note = "on the PCI bus, and no driver is bound to it: install or load NVIDIA's driver";
  } else if (card->bus && driver != "nvidia") {
    card->note =
        "on the PCI bus with the driver '" + clean(driver) + "', which is not NVIDIA's own";
  } else if (card->code != nvml::kSuccess) {
    card->note = words_of(card->code);
  } else if (!problem.empty()) {
    card->note = "it has NVIDIA's driver; " + problem;
  } else {
    card->note =
        "left alone while a card is quarantined: which one this is, the driver does not say";
  }
  if (card->code == nvml::kNoPermission) card->state = FH_DEVICE_NO_PERMISSION;
}

std::vector<std::shared_ptr<const Card>> Inventory::enumerate(Call& call) {
  Drafts drafts;
  const bool bus = add_pci(&drafts);
  add_driver(&drafts);
  std::string problem;
  if (!bus || !drafts.empty()) problem = library_.open();
  const Nvml::Use use(library_);
  if (use.ready()) add_library(&drafts, bus, call);
  if (!bus && !use.ready()) {
    fail(FH_E_UNSUPPORTED, "not detectable: no PCI bus below '%s'; %s", (root_ / "sys").c_str(),
         problem.c_str());
  }
  if (problem != said_ && !problem.empty()) host_.info(problem);
  said_ = problem;
  std::vector<std::shared_ptr<const Card>> cards;
  for (auto& [pci, card] : drafts) {
    name(&card);
    if (settings_.excluded(card.key)) continue;
    if (card.managed()) card.state = FH_DEVICE_MANAGED;
    if (!card.managed()) note_unmanaged(&card, problem);
    cards.push_back(roster_.admit(std::move(card), &book_));
  }
  roster_.set(cards);
  return cards;
}

}  // namespace farmhand::nvidia
