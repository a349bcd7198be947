// SPDX-License-Identifier: Apache-2.0
// FuriosaAI's models: what the maker states of them, with the place where it does.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace farmhand::furiosa {

struct Peak {
  std::string_view dtype;
  double tera_ops;
  std::string_view source;
};

struct Model {
  std::string_view name;  // as the driver writes it in device_type
  std::span<const Peak> peaks;
  uint64_t memory_bytes;  // as the driver shows it; 0: not known, a card may have more or less
  uint32_t cores;
  double link_gigatransfers;
  uint32_t link_width;
};

// By the name that driver, library or tool give, whatever its case. Null: a model we know nothing
// of, such as RNGD-S; it is shown under its own name and without figures.
const Model* find_model(std::string_view name);

// By the PCI device id; null where it is not known: Warboy's is in no public source.
const Model* find_model_of_pci(uint32_t device_id);

}  // namespace farmhand::furiosa
