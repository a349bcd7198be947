// SPDX-License-Identifier: Apache-2.0
#include "look.hh"

namespace farmhand::rebellions {

namespace {

constexpr Reading kNotOffered{FH_SAMPLE_NOT_SUPPORTED, 0};
// ATOM rests at 6 W; a figure below is in another unit than µW. The number ends at 4294 W.
constexpr double kWattLeast = 1, kWattMost = 4000;

}  // namespace

Look::Look(const Card& card, Shared& shared, const Call& call, const Root& root)
    : card_(card), shared_(shared), call_(call), began_ns_(boottime_ns()) {
  if (card.state == FH_DEVICE_NO_PERMISSION) fail(FH_E_PERMISSION, "%s", card.note.c_str());
  if (card.places.pci && !exists(card.places.pci->folder + "/vendor")) {
    fail(FH_E_DEVICE_LOST, "%s left the PCI bus", card.pci.c_str());
  }
  if (card.places.driver) find_driver(root);
}

// A change of groups numbers the devices anew. One whose folder has no link to the PCI device can
// only be taken to be the one it was.
void Look::find_driver(const Root& root) {
  const DriverCard& known = *card_.places.driver;
  const std::string pci = pci_address_from(link_name(known.folder + "/device"));
  if (pci == known.pci && exists(known.folder)) {
    driver_ = known;
    return;
  }
  for (const DriverCard& each : find_driver_cards(root).cards) {
    if (!known.pci.empty() && each.pci == known.pci) driver_ = each;
  }
  if (!driver_) {
    fail(FH_E_DEVICE_LOST, "the driver does not show %s any more", card_.key.c_str());
  }
}

// Nothing: the device is not in the library, the library hangs elsewhere, or there is no time left.
template <class Ask>
auto Look::from_library(Ask ask) -> std::optional<decltype(ask(std::declval<MlLibrary&>()))> {
  if (!card_.places.library || library_left_out_ || call_.remaining_ns() == 0) return std::nullopt;
  const std::unique_lock lock(shared_.lock, Shared::kWait);
  library_left_out_ = !lock.owns_lock() || !shared_.library.usable();
  if (library_left_out_) return std::nullopt;
  if (!library_checked_ && !shared_.library.is_still(*card_.places.library)) {
    library_left_out_ = true;
    return std::nullopt;
  }
  library_checked_ = true;
  return ask(shared_.library);
}

Raw Look::raw_of(Raw (MlLibrary::*question)(ml::Handle) const) {
  const auto raw = from_library(
      [&](MlLibrary& library) { return (library.*question)(card_.places.library->handle); });
  if (!raw) return {card_.places.library ? FH_SAMPLE_UNKNOWN : FH_SAMPLE_NOT_SUPPORTED, -1, 0};
  lost_ = lost_ || raw->code == ml::kNotFound;
  refused_ = refused_ || raw->code == ml::kIoctlFailed;
  return *raw;
}

Reading Look::or_tool(const Reading& library, Reading ToolCard::*member) {
  if (library.status != FH_SAMPLE_NOT_SUPPORTED || !card_.places.tool) return library;
  const ToolCard* tool = tool_card();
  return tool != nullptr ? tool->*member : no_reading(FH_SAMPLE_UNKNOWN);
}

// A report that is too old to stand for now is none.
const ToolCard* Look::tool_card() {
  if (!card_.places.tool) return nullptr;
  if (!report_) report_ = shared_.tool.report(call_);
  if (!report_ || began_ns_ > report_->boottime_ns + 2 * SmiTool::kEveryNs) return nullptr;
  for (const ToolCard& each : report_->cards) {
    const bool same = each.pci == card_.places.tool->pci && each.uuid == card_.places.tool->uuid;
    if (same) return &each;
  }
  return nullptr;
}

Reading Look::temperature() {
  const Raw raw = raw_of(&MlLibrary::temperature);
  temperature_raw_ = raw.value;
  const Reading library =
      raw.status == FH_SAMPLE_OK ? shared_.heat.from(raw.value) : no_reading(raw.status);
  return or_tool(library, &ToolCard::temperature);
}

Reading Look::power() {
  const Raw raw = raw_of(&MlLibrary::power);
  return or_tool(within({raw.status, raw.value * 1e-6}, kWattLeast, kWattMost), &ToolCard::power);
}

Reading Look::utilization() {
  const Raw raw = raw_of(&MlLibrary::utilization);
  return or_tool(within({raw.status, raw.value}, 0, 100), &ToolCard::utilization);
}

Reading Look::power_state() {
  if (!power_state_) {
    const Raw raw = raw_of(&MlLibrary::power_state);
    power_state_ = or_tool(within({raw.status, raw.value}, 0, 64), &ToolCard::power_state);
  }
  return *power_state_;
}

Pace Look::pace() {
  return power_state().ok() ? pace_of(power_state().value, card_.family()) : Pace::kUnclear;
}

Reading Look::throttle() {
  return power_state().ok() ? throttle_of(pace()) : power_state();
}

const Contexts& Look::contexts() {
  if (contexts_) return *contexts_;
  const auto answer = from_library(
      [&](MlLibrary& library) { return library.contexts(card_.places.library->handle); });
  contexts_ = answer.value_or(
      Contexts{.status = card_.places.library ? FH_SAMPLE_UNKNOWN : FH_SAMPLE_NOT_SUPPORTED});
  lost_ = lost_ || contexts_->code == ml::kNotFound;
  refused_ = refused_ || contexts_->code == ml::kIoctlFailed;
  if (contexts_->status == FH_SAMPLE_NOT_SUPPORTED && card_.places.tool) {
    const Reading count = or_tool(kNotOffered, &ToolCard::contexts);
    contexts_->status = count.status;
    contexts_->count = count.value;
  }
  return *contexts_;
}

// Where the driver has no files for it: what the contexts hold of what the hardware has.
const MemoryUse& Look::memory() {
  if (memory_) return *memory_;
  memory_ = driver_ ? read_memory(*driver_) : MemoryUse{kNotOffered, kNotOffered};
  if (memory_->used.status != FH_SAMPLE_NOT_SUPPORTED) return *memory_;
  if (card_.places.library) {
    const auto total = static_cast<double>(card_.places.library->memory_bytes);
    memory_ = memory_from({contexts().status, contexts().memory_bytes},
                          total > 0 ? good(total) : kNotOffered);
  } else if (card_.places.tool) {
    const ToolCard* tool = tool_card();
    memory_ = tool != nullptr
                  ? tool->memory
                  : MemoryUse{no_reading(FH_SAMPLE_UNKNOWN), no_reading(FH_SAMPLE_UNKNOWN)};
  }
  return *memory_;
}

Reading Look::status() {
  const Reading now = driver_ ? read_status(*driver_) : kNotOffered;
  if (now.ok()) shared_.table.saw(now.value);
  return now;
}

std::string Look::tool_status() {
  const ToolCard* tool = tool_card();
  return tool != nullptr ? tool->status : std::string();
}

const PciLink& Look::link() {
  if (!link_) {
    link_ = card_.places.pci ? read_link(card_.places.pci->folder)
                             : PciLink{kNotOffered, kNotOffered, kNotOffered, kNotOffered};
  }
  return *link_;
}

const PciErrors& Look::link_errors() {
  if (!link_errors_) {
    link_errors_ = card_.places.pci ? read_errors(card_.places.pci->folder)
                                    : PciErrors{kNotOffered, kNotOffered, kNotOffered};
  }
  return *link_errors_;
}

}  // namespace farmhand::rebellions
