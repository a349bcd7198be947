// SPDX-License-Identifier: Apache-2.0
// Rebellions' models: what the maker and the press state of one device, with the place where they
// do.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace farmhand::rebellions {

struct Peak {
  std::string_view dtype;
  double tera_ops;
  std::string_view source;
};

enum class Family : uint8_t { kAtom, kRebel, kOther };

// One /dev/rblnN. An ATOM-Max is four of them with one serial number, so its figures here are a
// quarter of the card's: what is added up over the devices must not count the card four times.
struct Model {
  std::string_view name;
  std::string_view parts;  // RBLN-CA12 RBLN-CA22
  Family family;
  std::span<const Peak> peaks;
  uint64_t memory_bytes;  // as the driver shows it; 0: not known
  uint32_t devices_per_card;
};

// By the name in `card_name` or of the tool, `RBLN-CA25`. Null: nothing is known of it.
const Model* find_model(std::string_view part);

// `RBLN-CA25` for the PCI device ids of its functions, the physical and the virtual one; empty for
// an id that is in no public list.
std::string part_of_pci(uint32_t device_id);

}  // namespace farmhand::rebellions
