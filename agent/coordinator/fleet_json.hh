// SPDX-License-Identifier: Apache-2.0
// The fleet as people and scripts read it. What is not known is left out or null, never zero.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.hh"
#include "coordinator/rows.hh"

namespace farmhand::coordinator {

using LiveNodes = std::set<int64_t>;  // ids of nodes in session at this moment

std::string json_of_nodes(const std::vector<NodeRow>& nodes, const LiveNodes& live);
std::string json_of_devices(const std::vector<DeviceRow>& devices, const LiveNodes& live);
std::string json_of_metrics(const std::vector<MetricsRow>& metrics);
// Members `last_events` and `not_managed`, into an object that is open.
void write_events(Json& json, const std::vector<HealthRow>& events,
                  const std::vector<DeviceRow>& devices, const LiveNodes& live);
std::string json_of_command(const CommandRow& command);
std::string json_of_tokens(const std::vector<TokenRow>& tokens);
std::string json_of_error(std::string_view code, std::string_view sentence);

}  // namespace farmhand::coordinator
