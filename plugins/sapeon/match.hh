// SPDX-License-Identifier: Apache-2.0
// Which PCI devices are Sapeon's: no public source says, so the operator does, as
// `1234:0330=X330`.
#pragma once

#include <farmhand/settings.hh>
#include <string>
#include <vector>

namespace farmhand::sapeon {

struct Match {
  uint32_t vendor_id, device_id;
  std::string model;
};

// Throws FH_E_INVALID for what is written otherwise.
std::vector<Match> matches_from(const Settings& settings);

}  // namespace farmhand::sapeon
