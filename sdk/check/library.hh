// SPDX-License-Identifier: Apache-2.0
// The plugin's library in this process.
#pragma once

#include <farmhand/abi.h>

#include <string>

namespace farmhand::check {

// Null, and `why` says what dlopen said. Never unloaded, as in the agent.
const fh_plugin_entry* load_entry(const std::string& path, std::string& why);

}  // namespace farmhand::check
