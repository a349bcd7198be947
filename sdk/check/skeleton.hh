// SPDX-License-Identifier: Apache-2.0
// `farmhand-plugin-check new`: a vendor's project that builds against the installed SDK.
#pragma once

#include <string>

namespace farmhand::check {

struct Skeleton {
  std::string name;  // the plugin's id
  std::string vendor;
  std::string folder = ".";  // where the project's folder is made
  bool meson = false;        // otherwise make
};

// Writes the project; the exit code. Never over something that exists.
int make_project(const Skeleton& skeleton);

}  // namespace farmhand::check
