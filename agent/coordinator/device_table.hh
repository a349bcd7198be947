// SPDX-License-Identifier: Apache-2.0
// What was derived of a node's records: its devices and plugins, their last readings and events.
#pragma once

#include <map>

#include "coordinator/prepare.hh"
#include "coordinator/readings.hh"
#include "coordinator/rows.hh"
#include "wire/record.hh"

namespace farmhand::coordinator {

class DeviceTable {
 public:
  Result<void> prepare(sqlite::Database& db);

  // A full snapshot. Devices that are no longer named stay, as absent.
  Result<void> replace(int64_t node, const std::string& cloud,
                       const std::vector<std::string>& vendors, const wire::Inventory& inventory,
                       int64_t now_ns);
  Result<void> set_plugin(int64_t node, const wire::PluginState& plugin);

  Result<void> add_table(int64_t node, const wire::MetricTable& table);
  // Of a table that never came (its declaration fell into a gap) the readings are dropped here;
  // the archive has them.
  Result<void> set_readings(int64_t node, uint64_t table,
                            const std::map<uint32_t, Reading>& readings);

  Result<void> set_last_event(int64_t node, const wire::Event& event, int64_t wall_ns,
                              uint64_t count);

 private:
  Result<void> set_device(int64_t node, const std::string& partition, const wire::Device& device,
                          int64_t now_ns);
  Result<void> set_peaks(int64_t node, const wire::Device& device);

  sqlite::Statement absent_, set_device_, drop_peaks_, add_peak_, drop_plugins_, set_plugin_;
  sqlite::Statement add_table_, table_device_, readings_, set_readings_, set_last_event_;
};

}  // namespace farmhand::coordinator
