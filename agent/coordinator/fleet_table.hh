// SPDX-License-Identifier: Apache-2.0
// What people ask about the fleet. Each question takes the Scope of who asks, and answers with
// what that scope sees: its partition's devices, and of a node what belongs to the whole node.
#pragma once

#include "coordinator/prepare.hh"
#include "coordinator/rows.hh"

namespace farmhand::coordinator {

class FleetTable {
 public:
  Result<void> prepare(sqlite::Database& db);

  Result<std::vector<NodeRow>> nodes(const Scope& scope);
  Result<std::vector<DeviceRow>> devices(const Scope& scope);  // with peaks, the absent ones too
  Result<std::vector<MetricsRow>> metrics(const Scope& scope, const std::string& device);
  Result<std::vector<HealthRow>> last_events(const Scope& scope);

 private:
  Result<void> add_peaks(const Scope& scope, std::vector<DeviceRow>& devices);

  sqlite::Statement nodes_, devices_, peaks_, metrics_, last_events_;
};

}  // namespace farmhand::coordinator
