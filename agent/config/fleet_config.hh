// SPDX-License-Identifier: Apache-2.0
// ~/.config/farmhand/fleet.toml: where a person's `farmhand fleet` finds the coordinator.
#pragma once

#include <string>

#include "base/result.hh"

namespace farmhand {

struct FleetConfig {
  struct {
    std::string url;         // https://host:port
    std::string ca;          // PEM
    std::string token_file;  // its first line is the operator token
  } coordinator;
};

// kNotFound when there is no such file.
Result<FleetConfig> load_fleet_config(const std::string& path);

}  // namespace farmhand
