// SPDX-License-Identifier: Apache-2.0
// What the vendor asked for on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace farmhand::check {

using Settings = std::vector<std::pair<std::string, std::string>>;

struct Options {
  std::string manifest_path;  // empty: the plugin is given as a bare library
  std::string library_path;
  Settings settings;
  Settings empty_settings;     // settings with which the plugin must find no device
  std::string vanish_command;  // a shell command that makes a device vanish
  std::vector<std::string> only;
  uint64_t seed = 0;
  unsigned timeout_s = 45;
  bool active = false;  // also what changes the hardware: prepare, release, run
  bool json = false;
};

}  // namespace farmhand::check
