// SPDX-License-Identifier: Apache-2.0
#include "plugin/status.hh"

namespace farmhand {

std::string_view name_of(PluginState state) {
  switch (state) {
    case PluginState::kStarting:
      return "starting";
    case PluginState::kRunning:
      return "running";
    case PluginState::kBackoff:
      return "backoff";
    case PluginState::kRefused:
      return "refused";
    case PluginState::kStopped:
      return "stopped";
  }
  return "stopped";
}

}  // namespace farmhand
