// SPDX-License-Identifier: Apache-2.0
// One device (`/dev/rblnN`): who it is, where it was found, and what is remembered of it.
#pragma once

#include <farmhand/checks.hh>
#include <farmhand/hwmon.hh>
#include <farmhand/pci.hh>
#include <farmhand/series.hh>

#include "catalogue.hh"
#include "driver.hh"
#include "ml_library.hh"
#include "smi_tool.hh"
#include "states.hh"

namespace farmhand::rebellions {

// Where the device was found; any of them may be missing, not all of them.
struct Places {
  std::optional<PciDevice> pci;
  std::optional<DriverCard> driver;
  std::optional<MlCard> library;
  std::optional<ToolCard> tool;

  bool managed() const { return driver || library || tool; }
};

// What only the device's own calls touch, of which the host makes one at a time.
struct Memory {
  StateWatch state;
  LinkErrors link_errors, port_errors;
  SeriesTable series;
};

// As of one enumeration, and unchanged after it: a call that runs meanwhile keeps its copy.
struct Card {
  uint32_t handle = 0;
  std::string key;  // UUID, else PCI address: the serial number is the card's, of several devices
  std::string uuid, serial, pci, part, model_name, firmware, driver_version, note;
  const Model* model = nullptr;  // null: one we have no figures of
  int32_t state = FH_DEVICE_MANAGED;
  int32_t numa_node = -1;
  int32_t index = -1;  // N of rblnN, for display
  std::optional<uint32_t> group;
  uint32_t siblings = 1;  // devices with this serial number, itself included
  std::vector<Sensor> sensors;
  Places places;
  std::shared_ptr<Memory> memory;

  Family family() const { return model != nullptr ? model->family : Family::kOther; }
  bool virtual_function() const { return places.pci && places.pci->virtual_function; }
};

// The device record and its peaks.
void list(Call& call, const Card& card);

}  // namespace farmhand::rebellions
