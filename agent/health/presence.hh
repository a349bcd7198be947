// SPDX-License-Identifier: Apache-2.0
// Whether a device is there and can be read, as a finding of the agent's own. Pure.
#pragma once

#include "device/inventory.hh"
#include "plugin/finding.hh"

namespace farmhand {

inline constexpr std::string_view kAgentSource = "agent";
inline constexpr std::string_view kPresenceCheck = "presence";

Finding presence_finding(const Device& device);
// Of a device that was there in an earlier life of the agent and was not listed in this one.
Finding missing_finding(std::string_view sentence);

}  // namespace farmhand
