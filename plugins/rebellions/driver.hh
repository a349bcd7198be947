// SPDX-License-Identifier: Apache-2.0
// A device as its kernel driver shows it below /sys/class/rebellions. `status`:
// RBLN-SW/k8s-device-plugin@4a9b9ad, cmd/rbln-device-plugin/status.go; `kernel_version`,
// `card_name`: RBLN-SW/rbln-npu-feature-discovery@a14eabb, internal/sysfs/sysfs.go; `dram_total`,
// `dram_used`: RBLN-SW/vllm-rbln@0afa1ac, vllm_rbln/v1/worker/utils.py.
//
// The number in `rbln3` is given anew when groups change: nothing may be keyed on it.
#pragma once

#include <farmhand/identity.hh>
#include <farmhand/sysfs.hh>

namespace farmhand::rebellions {

struct DriverCard {
  uint32_t number = 0;  // N of rblnN
  std::string folder;
  std::string pci;  // where the class device's link `device` leads; empty: the driver has none
  std::string part, version;
  int32_t status = FH_SAMPLE_OK;  // NO_PERMISSION: it is there and may not be read
};

// `loaded`: the class is there, so the driver is.
struct DriverCards {
  bool loaded = false;
  std::vector<DriverCard> cards;
};
DriverCards find_driver_cards(const Root& root);

// The driver's own number of the device's state; what it means states.hh says.
Reading read_status(const DriverCard& card);

struct MemoryUse {
  Reading used, total;
};
// Of what two places say, nothing is taken that does not fit together.
MemoryUse memory_from(const Reading& used, const Reading& total);
MemoryUse read_memory(const DriverCard& card);

}  // namespace farmhand::rebellions
