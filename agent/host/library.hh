// SPDX-License-Identifier: Apache-2.0
// The plugin's library: opened from the descriptor the agent verified, its entry checked before any
// of its functions is called.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hh"
#include "farmhand/abi.h"

namespace farmhand::host {

constexpr uint64_t kHostFeatures = 0;  // bits of fh_host.features

// What the manifest says it is. The agent decides by the manifest, before anything of the plugin
// runs; so a library that is something else is refused.
struct Expected {
  std::string id;
  std::string vendor;
  std::string version;
  uint64_t flags = 0;
  uint16_t abi_minor = 0;
  std::vector<std::string> interfaces;
};

// The entry cut or filled to our own header's size. The library stays for the process's life:
// closing one runs thread-local destructors whose code is gone.
Result<fh_plugin_entry> load_library(int fd, const Expected& expected);

}  // namespace farmhand::host
