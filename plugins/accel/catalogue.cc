// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hh"

#include <farmhand/parse.hh>

namespace farmhand::accel {

namespace {

struct Known {
  uint32_t vendor_id, device_id;
  Family family;
  const char* vendor;
  const char* model;
};

// clang-format off
constexpr Known kKnown[] = {
    // linux drivers/accel/ivpu/ivpu_drv.h
    {0x8086, 0x7d1d, Family::kIvpu, "intel", "NPU 3720 (Meteor Lake)"},
    {0x8086, 0xad1d, Family::kIvpu, "intel", "NPU 3720 (Arrow Lake)"},
    {0x8086, 0x643e, Family::kIvpu, "intel", "NPU 4000 (Lunar Lake)"},
    {0x8086, 0xb03e, Family::kIvpu, "intel", "NPU 5000 (Panther Lake)"},
    {0x8086, 0xfd3e, Family::kIvpu, "intel", "NPU 5000 (Wildcat Lake)"},
    // linux drivers/accel/amdxdna/amdxdna_pci_drv.c; the driver's `vbnv` says more
    {0x1022, 0x1502, Family::kXdna, "amd", "XDNA"},
    {0x1022, 0x17f0, Family::kXdna, "amd", "XDNA 2"},
    // linux drivers/accel/qaic/qaic_drv.c
    {0x17cb, 0xa080, Family::kQaic, "qualcomm", "AIC080"},
    {0x17cb, 0xa100, Family::kQaic, "qualcomm", "AIC100"},
    {0x17cb, 0xa110, Family::kQaic, "qualcomm", "AIC200"},
    // tenstorrent/tt-kmd enumerate.h; `tt_card_type` names the card
    {0x1e52, 0xfaca, Family::kTenstorrent, "tenstorrent", "Grayskull"},
    {0x1e52, 0x401e, Family::kTenstorrent, "tenstorrent", "Wormhole"},
    {0x1e52, 0xb140, Family::kTenstorrent, "tenstorrent", "Blackhole"},
};
// Vendors of other drivers in /sys/class/accel (linux drivers/accel/habanalabs/common/habanalabs_drv.c).
constexpr std::pair<uint32_t, const char*> kVendors[] = {
    {0x8086, "intel"}, {0x1022, "amd"}, {0x17cb, "qualcomm"}, {0x1e52, "tenstorrent"}, {0x1da3, "habana"},
};
// clang-format on

bool is_word(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::optional<uint32_t> id_from(std::string_view text) {
  const auto number = text.size() == 4 ? hex_from(text) : std::nullopt;
  return number ? std::optional(static_cast<uint32_t>(*number)) : std::nullopt;
}

// `1d0f:7064=aws/Trainium`
Model model_from(const std::string& text) {
  const std::string_view line = text;
  const size_t equals = std::min(line.find('='), line.size());
  const size_t slash = line.find('/', equals);
  if (slash != std::string_view::npos && equals == 9 && line[4] == ':') {
    const auto vendor_id = id_from(line.substr(0, 4));
    const auto device_id = id_from(line.substr(5, 4));
    const std::string vendor(trimmed(line.substr(10, slash - 10)));
    const std::string model(trimmed(line.substr(slash + 1)));
    if (vendor_id && device_id && is_word(vendor) && !model.empty()) {
      return {*vendor_id, *device_id, Family::kOther, vendor, clean(model)};
    }
  }
  fail(FH_E_INVALID, "setting 'match' has '%s': write it as 1d0f:7064=aws/Trainium", text.c_str());
}

}  // namespace

// The operator's come first: a name given by hand wins.
Catalogue::Catalogue(const Settings& settings) {
  for (const std::string& each : settings.list("match")) models_.push_back(model_from(each));
  for (const Known& each : kKnown) {
    models_.push_back({each.vendor_id, each.device_id, each.family, each.vendor, each.model});
  }
}

const Model* Catalogue::find(uint32_t vendor_id, uint32_t device_id) const {
  for (const Model& each : models_) {
    if (each.vendor_id == vendor_id && each.device_id == device_id) return &each;
  }
  return nullptr;
}

std::string Catalogue::vendor_of(uint32_t vendor_id) {
  for (const auto& [id, name] : kVendors) {
    if (id == vendor_id) return name;
  }
  char text[16];
  snprintf(text, sizeof text, "pci-%04x", vendor_id);
  return text;
}

}  // namespace farmhand::accel
