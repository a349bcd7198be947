// SPDX-License-Identifier: Apache-2.0
// The health of the fleet as people and scripts read it. A node that is not connected and a device
// of which no check has spoken are unknown: what is not heard of is never ok.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordinator/fleet_json.hh"
#include "coordinator/rows.hh"

namespace farmhand::coordinator {

// All that the answer is made of, for one scope.
struct FleetHealth {
  std::vector<NodeRow> nodes;
  std::vector<DeviceRow> devices;
  std::vector<CheckRow> checks;
  std::vector<OffenderRow> offenders;
  std::vector<HealthRow> last_events;
  LiveNodes live;
  int64_t offenders_window_ns = 0;
};

std::string json_of_fleet_health(const FleetHealth& fleet);
std::string json_of_history(const std::vector<TransitionRow>& transitions);

}  // namespace farmhand::coordinator
