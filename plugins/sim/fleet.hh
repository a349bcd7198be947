// SPDX-License-Identifier: Apache-2.0
// Which devices to simulate: from the operator's settings to identities.
#pragma once

#include <farmhand/settings.hh>
#include <string>
#include <vector>

#include "catalogue.hh"

namespace farmhand::sim {

// Who a simulated device is; the same for the same settings on every start.
struct Identity {
  const Model* model = nullptr;
  uint32_t index = 0;
  uint64_t seed = 0;  // of everything random about the device
  std::string key;    // its serial number
  std::string uuid;
  std::string pci;
};

// From `devices = "RNGD:4,X330:2"`, or else `model` and `count`. Throws Failure(FH_E_INVALID) with
// the names there are.
std::vector<Identity> fleet_from_settings(const Settings& settings);

}  // namespace farmhand::sim
