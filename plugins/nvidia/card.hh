// SPDX-License-Identifier: Apache-2.0
// One card: who it is, how it is reached, and what is remembered of it from look to look.
#pragma once

#include <farmhand/checks.hh>
#include <farmhand/pci.hh>

#include <map>
#include <memory>
#include <set>

#include "catalogue.hh"
#include "declarations.hh"

namespace farmhand::nvidia {

// What only the card's own calls touch, of which the host makes one at a time.
struct Memory {
  Growth uncorrected, fabric_errors;
  LinkErrors link_errors, port_errors;
  std::set<uint32_t> links_seen_up;
  std::map<std::string, uint32_t> slices;  // numbers of their series, by MIG UUID
};

// As of one enumeration, and unchanged after it: a call that runs meanwhile keeps its copy.
struct Card {
  uint32_t handle = 0;
  std::string key;  // UUID, else PCI address
  std::string uuid, serial, pci, model_name, firmware, driver_version, note;
  const Model* model = nullptr;  // null: one we have no figures of
  int32_t state = FH_DEVICE_UNMANAGED;
  int32_t numa_node = -1;
  int32_t index = -1;
  uint64_t memory_bytes = 0;
  std::optional<uint32_t> minor;    // N of /dev/nvidiaN
  std::optional<PciDevice> bus;     // nothing where there is no bus to look at
  nvml::Device device = nullptr;    // null: the library does not show it
  nvml::Ret code = nvml::kSuccess;  // what the library answered when asked for it
  std::vector<uint32_t> links;      // NVLinks the card has
  std::shared_ptr<Memory> memory;

  bool managed() const { return device != nullptr; }
};

// The device record and its peaks.
void list(Call& call, const Card& card);

}  // namespace farmhand::nvidia
