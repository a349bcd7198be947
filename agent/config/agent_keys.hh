// SPDX-License-Identifier: Apache-2.0
// The keys of agent.toml. Internal to this folder.
#pragma once

#include "config/keys.hh"

namespace farmhand {

const Keys<AgentConfig>& agent_keys();    // without the plugins' own sections
const Keys<PluginConfig>& plugin_keys();  // named `plugins.<id>.…`

}  // namespace farmhand
