// SPDX-License-Identifier: Apache-2.0
// What is there: devices of the kernel's accelerator classes, and PCI devices that the catalogue
// knows although no driver shows them.
#pragma once

#include <farmhand/devices.h>

#include <farmhand/pci.hh>
#include <string>
#include <vector>

#include "catalogue.hh"

namespace farmhand::accel {

struct Found {
  std::string key, vendor, model, serial, uuid, firmware, driver, note;
  std::string pci;           // address; empty: on another bus
  std::string folder;        // the device's
  std::string class_folder;  // `…/class/tenstorrent/tenstorrent!0`; empty: no driver made one
  Family family = Family::kOther;
  int32_t state = FH_DEVICE_MANAGED;
  int32_t numa_node = -1;
  int32_t index = -1;

  // Read in the same way as before: the same place, the same driver.
  bool same_place(const Found& other) const {
    return folder == other.folder && class_folder == other.class_folder && driver == other.driver;
  }
};

struct FinderOptions {
  bool others = false;         // also processing accelerators that the catalogue does not know
  std::vector<uint32_t> skip;  // vendors with plugins of their own
};

// By address. Throws a Failure where nothing can be detected at all.
std::vector<Found> find_devices(const Root& root, const Catalogue& catalogue,
                                const FinderOptions& options);

}  // namespace farmhand::accel
