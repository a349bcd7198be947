// SPDX-License-Identifier: Apache-2.0
#include "ml_library.hh"

#include <cstring>

namespace farmhand::rebellions {

namespace {

constexpr uint32_t kDevicesMax = 1024;  // a count beyond is none

std::unique_ptr<std::byte[]> fresh_buffer() {
  return std::make_unique<std::byte[]>(ml::kBufferBytes);
}

int32_t status_of(int32_t code) {
  if (code == ml::kOk) return FH_SAMPLE_OK;
  return code == ml::kNoPermission ? FH_SAMPLE_NO_PERMISSION : FH_SAMPLE_ERROR;
}

// Only code 0 counts, whatever lies in the buffer.
template <class Given, class Function>
std::optional<Given> given_by(Function* function, ml::Handle handle) {
  if (function == nullptr) return std::nullopt;
  const auto buffer = fresh_buffer();
  if (function(handle, buffer.get()) != ml::kOk) return std::nullopt;
  Given given;
  memcpy(static_cast<void*>(&given), buffer.get(), sizeof given);
  return given;
}

}  // namespace

void MlLibrary::find_functions() {
  library_.need(&init_, {"rblnmlInit"});
  library_.need(&count_, {"rblnmlDeviceGetCount"});
  library_.need(&handle_, {"rblnmlDeviceGetHandleByIndex"});
  library_.need(&info_, {"rblnmlGetDeviceInfo"});
  library_.find(&shutdown_, {"rblnmlShutdown"});
  library_.find(&init_with_, {"rblnmlInitWithDevlist"});
  library_.find(&hardware_, {"rblnmlGetDeviceHWIPInfo"});
  library_.find(&kernel_, {"rblnmlGetKernelVersion"});
  library_.find(&firmware_, {"rblnmlGetFwVersion"});
  library_.find(&temperature_, {"rblnmlDeviceGetTemperature"});
  library_.find(&power_, {"rblnmlDeviceGetPowerUsage"});
  library_.find(&power_state_, {"rblnmlDeviceGetPowerState"});
  library_.find(&utilization_, {"rblnmlDeviceGetUtilization"});
  library_.find(&contexts_, {"rblnmlDeviceGetContextInfo"});
}

void MlLibrary::load(const std::vector<uint32_t>& numbers, bool only) {
  if (names_.empty() || (usable_ && opened_ == numbers)) return;
  if (!library_.loaded()) {
    library_ = Library::open(names_);
    if (library_.loaded()) find_functions();
  }
  description_ = library_.problem();
  if (!library_.complete()) return;
  if (only && init_with_ == nullptr) {
    description_ = library_.name() + " cannot leave a quarantined device alone: not used";
    return;
  }
  if (usable_ && shutdown_ != nullptr) shutdown_();
  const int32_t code = only ? init_with_(numbers.data(), numbers.size()) : init_();
  usable_ = code == ml::kOk;
  opened_ = numbers;
  description_ = usable_ ? library_.name() + " is in use"
                         : library_.name() + " does not start: code " + std::to_string(code);
}

std::string MlLibrary::text_of(Text* function, ml::Handle handle) const {
  if (function == nullptr) return {};
  const auto buffer = fresh_buffer();
  char* text = reinterpret_cast<char*>(buffer.get());
  if (function(handle, text, ml::kVersionBytes) != ml::kOk) return {};
  return version_from(text_in(text, ml::kVersionBytes));
}

std::optional<MlCard> MlLibrary::card_of(ml::Handle handle) const {
  const auto info = given_by<ml::DeviceInfo>(info_, handle);
  if (!info) return std::nullopt;
  MlCard card;
  card.handle = handle;
  card.pci = pci_address_from(text_in(info->bus_id, sizeof info->bus_id));
  card.uuid = name_from(text_in(info->uuid, sizeof info->uuid));
  if (info->serial != 0) card.serial = std::to_string(info->serial);
  card.number = info->number;
  card.group = info->group;
  card.numa_node = info->numa_node < 1024 ? static_cast<int32_t>(info->numa_node) : -1;
  if (card.pci.empty()) return std::nullopt;
  return card;
}

bool MlLibrary::is_still(const MlCard& card) {
  const auto now = card_of(card.handle);
  return now && now->pci == card.pci && now->uuid == card.uuid;
}

std::optional<std::vector<MlCard>> MlLibrary::cards(std::string* problem) {
  uint32_t count = 0;
  const int32_t code = count_(&count);
  if (code != ml::kOk || count > kDevicesMax) {
    *problem = library_.name() + " gives no number of devices: code " + std::to_string(code) +
               ", " + std::to_string(count);
    return std::nullopt;
  }
  std::vector<MlCard> cards;
  for (uint32_t i = 0; i < count; ++i) {
    ml::Handle handle = 0;
    if (handle_(i, &handle) != ml::kOk) continue;
    auto card = card_of(handle);
    if (!card) continue;
    if (const auto hardware = given_by<ml::HwIpInfo>(hardware_, handle)) {
      card->part = name_from(text_in(hardware->card_name, sizeof hardware->card_name));
      card->memory_bytes = hardware->dram_bytes;
      card->chiplets = hardware->chiplets;
    }
    card->driver = text_of(kernel_, handle);
    card->firmware = text_of(firmware_, handle);
    cards.push_back(std::move(*card));
  }
  if (count > 0 && cards.empty()) {
    *problem = library_.name() +
               " gives devices without a PCI address: a release this plugin does not know";
    return std::nullopt;
  }
  return cards;
}

Raw MlLibrary::ask(Number* function, ml::Handle handle) {
  if (function == nullptr) return {FH_SAMPLE_NOT_SUPPORTED, -1, 0};
  const auto buffer = fresh_buffer();
  auto* number = reinterpret_cast<uint32_t*>(buffer.get());
  const int32_t code = function(handle, number);
  return {status_of(code), code, code == ml::kOk ? static_cast<double>(*number) : 0};
}

Contexts MlLibrary::contexts(ml::Handle handle) const {
  if (contexts_ == nullptr) return {.status = FH_SAMPLE_NOT_SUPPORTED};
  const auto buffer = fresh_buffer();
  Contexts all;
  all.code = contexts_(handle, buffer.get(), ml::kContextsMax);
  all.status = status_of(all.code);
  if (!all.ok()) return all;
  size_t used = 0;
  for (size_t at = 0; at < ml::kContextsMax; ++at) {
    ml::ContextInfo context, unused{};
    memcpy(static_cast<void*>(&context), buffer.get() + at * sizeof context, sizeof context);
    if (memcmp(&context, &unused, sizeof context) == 0) continue;
    ++used;
    if (context.destroyed != 0) continue;
    ++all.count;
    all.memory_bytes += static_cast<double>(context.dram_bytes);
    all.faulty += context.guilty != 0 || context.error != 0 ? 1 : 0;
  }
  // There may be more of them than the array holds.
  if (used == ml::kContextsMax) all.status = FH_SAMPLE_UNKNOWN;
  return all;
}

}  // namespace farmhand::rebellions
