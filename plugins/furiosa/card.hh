// SPDX-License-Identifier: Apache-2.0
// One card: who it is, where it was found, and what is remembered of it from look to look.
#pragma once

#include <farmhand/checks.hh>
#include <farmhand/hwmon.hh>
#include <farmhand/pci.hh>
#include <memory>

#include "catalogue.hh"
#include "driver.hh"
#include "smi_library.hh"
#include "smi_tool.hh"
#include "watch.hh"

namespace farmhand::furiosa {

// Where the card was found; any of them may be missing, not all of them.
struct Places {
  std::optional<PciDevice> pci;
  std::optional<DriverCard> driver;
  std::optional<SmiCard> library;
  std::optional<ToolCard> tool;

  bool managed() const { return driver || library || tool; }
};

// What only the card's own calls touch, of which the host makes one at a time.
struct Memory {
  std::vector<CycleMeter> meters = std::vector<CycleMeter>(kCoresMax);
  HeartbeatWatch heartbeat;
  RiseWatch faults, device_faults;
  LinkErrors link_errors, port_errors;
};

// As of one enumeration, and unchanged after it: a call that runs meanwhile keeps its copy.
struct Card {
  uint32_t handle = 0;
  std::string key;  // serial, else UUID, else PCI address
  std::string serial, uuid, pci, model_name, firmware, driver_version, note;
  const Model* model = nullptr;  // null: one we have no figures of
  int32_t state = FH_DEVICE_MANAGED;
  int32_t numa_node = -1;
  int32_t index = -1;  // N of npuN, for display
  uint32_t cores = 0;
  std::vector<CoreRange> ranges;
  std::vector<Sensor> sensors;
  Places places;
  std::shared_ptr<Memory> memory;

  // The sensor with this label; null if there is none.
  const Sensor* find_sensor(std::string_view label) const {
    for (const Sensor& each : sensors) {
      if (each.label == label) return &each;
    }
    return nullptr;
  }
};

// The device record and its peaks.
void list(Call& call, const Card& card);

}  // namespace farmhand::furiosa
