// SPDX-License-Identifier: Apache-2.0
#include "coordinator/fleet_table.hh"

#include <map>

#include "coordinator/node_table.hh"
#include "coordinator/visible.hh"
#include "wire/record.hh"

namespace farmhand::coordinator {
namespace {

DeviceRow device_row_from(const sqlite::Query& q) {
  DeviceRow row;
  wire::Device& d = row.device;
  row.node_id = q.integer(0);
  row.node = uuid_from(q.blob(1));
  row.hostname = q.text(2);
  row.partition = q.text(3);
  d.plugin = q.text(4);
  d.key = q.text(5);
  d.vendor = q.text(6);
  d.model = q.text(7);
  d.serial = q.text(8);
  d.uuid = q.text(9);
  d.pci = q.text(10);
  d.firmware = q.text(11);
  d.driver = q.text(12);
  d.note = q.text(13);
  d.kind = static_cast<wire::DeviceKind>(q.integer(14));
  d.state = static_cast<wire::DeviceState>(q.integer(15));
  d.reason = q.text(16);
  d.quarantined = q.integer(17) != 0;
  d.memory_bytes = static_cast<uint64_t>(q.integer(18));
  row.present = q.integer(19) != 0;
  row.first_seen_ns = q.integer(20);
  row.last_seen_ns = q.integer(21);
  d.verdict = static_cast<wire::Verdict>(q.integer(22));
  d.hold = static_cast<wire::HoldKind>(q.integer(23));
  d.hold_why = q.text(24);
  d.hold_by = q.text(25);
  d.hold_since_realtime_ns = q.integer(26);
  return row;
}

MetricsRow metrics_row_from(const sqlite::Query& q) {
  MetricsRow row;
  row.node_id = q.integer(0);
  row.node = uuid_from(q.blob(1));
  row.hostname = q.text(2);
  row.partition = q.text(3);
  if (auto record = wire::decode_record(q.blob(4)); record)
    if (auto* table = std::get_if<wire::MetricTable>(&*record)) row.table = std::move(*table);
  row.readings = Readings(std::string(q.blob(5)));
  return row;
}

HealthRow health_row_from(const sqlite::Query& q) {
  HealthRow row;
  row.node_id = q.integer(0);
  row.node = uuid_from(q.blob(1));
  row.hostname = q.text(2);
  row.plugin = q.text(3);
  row.device = q.text(4);
  row.severity = static_cast<int>(q.integer(5));
  row.reason = q.text(6);
  row.sentence = q.text(7);
  row.wall_ns = q.integer(8);
  row.total = q.integer(9);
  return row;
}

// A partition sees of a node's enrolment only its own part.
void hide_others(const Scope& scope, NodeRow& node) {
  if (scope.sees_all()) return;
  std::erase_if(node.vendors, [&](const std::string& vendor) {
    return partition_of(node.cloud, node.vendors, vendor) != scope.partition;
  });
}

}  // namespace

Result<void> FleetTable::prepare(sqlite::Database& db) {
  const std::string node = std::string("SELECT ") + kNodeColumns + " FROM node n WHERE ";
  return prepare_all(
      db,
      {{&nodes_, node + kNodeVisible + " ORDER BY n.hostname, n.uuid"},
       {&devices_,
        "SELECT n.id, n.uuid, n.hostname, d.partition, d.plugin, d.key, d.vendor, d.model, "
        "d.serial, d.uuid, d.pci, d.firmware, d.driver, d.note, d.kind, d.state, d.reason, "
        "d.quarantined, d.memory_bytes, d.present, d.first_seen_ns, d.last_seen_ns, "
        "d.verdict, d.hold, d.hold_why, d.hold_by, d.hold_since_ns "
        "FROM device d JOIN node n ON n.id = d.node WHERE " +
            kDeviceVisible + " ORDER BY n.hostname, n.id, d.plugin, d.key"},
       {&peaks_,
        "SELECT k.node, k.plugin, k.device, k.dtype, k.tera_ops, k.source FROM peak k "
        "JOIN device d ON d.node = k.node AND d.plugin = k.plugin AND d.key = k.device "
        "JOIN node n ON n.id = d.node WHERE " +
            kDeviceVisible},
       {&metrics_,
        "SELECT n.id, n.uuid, n.hostname, d.partition, t.record, l.readings FROM latest l "
        "JOIN device d ON d.node = l.node AND d.plugin = l.plugin AND d.key = l.device "
        "JOIN metric_table t ON t.node = l.node AND t.id = l.metric_table "
        "JOIN node n ON n.id = l.node WHERE " +
            kDeviceVisible + " AND (?2 = '' OR d.key = ?2) ORDER BY n.hostname, n.id, d.key"},
       {&last_events_,
        "SELECT n.id, n.uuid, n.hostname, v.plugin, v.device, v.severity, v.reason, v.sentence, "
        "v.wall_ns, v.total FROM last_event v JOIN node n ON n.id = v.node "
        "LEFT JOIN device d ON d.node = v.node AND d.plugin = v.plugin AND d.key = v.device "
        "WHERE CASE WHEN v.device = '' THEN " +
            kNodeVisible + " ELSE ?1 = '' OR (d.key IS NOT NULL AND " + kDeviceVisible +
            ") END ORDER BY v.wall_ns DESC"}});
}

Result<std::vector<NodeRow>> FleetTable::nodes(const Scope& scope) {
  sqlite::Query query(nodes_);
  query.bind(scope.partition);
  auto rows = rows_of(query, node_row_from);
  if (rows)
    for (NodeRow& row : *rows) hide_others(scope, row);
  return rows;
}

Result<std::vector<DeviceRow>> FleetTable::devices(const Scope& scope) {
  sqlite::Query query(devices_);
  query.bind(scope.partition);
  auto rows = rows_of(query, device_row_from);
  if (!rows) return rows;
  if (auto done = add_peaks(scope, *rows); !done) return done.error();
  return rows;
}

Result<void> FleetTable::add_peaks(const Scope& scope, std::vector<DeviceRow>& devices) {
  std::map<std::tuple<int64_t, std::string, std::string>, DeviceRow*> by_name;
  for (DeviceRow& row : devices) by_name[{row.node_id, row.device.plugin, row.device.key}] = &row;
  sqlite::Query query(peaks_);
  query.bind(scope.partition);
  auto rows = rows_of(query, [&](const sqlite::Query& q) {
    const auto at = by_name.find({q.integer(0), std::string(q.text(1)), std::string(q.text(2))});
    if (at != by_name.end())
      at->second->device.peaks.push_back(
          {std::string(q.text(3)), q.real(4), std::string(q.text(5))});
    return 0;
  });
  if (!rows) return rows.error();
  return {};
}

Result<std::vector<MetricsRow>> FleetTable::metrics(const Scope& scope, const std::string& device) {
  sqlite::Query query(metrics_);
  query.bind(scope.partition).bind(device);
  return rows_of(query, metrics_row_from);
}

Result<std::vector<HealthRow>> FleetTable::last_events(const Scope& scope) {
  sqlite::Query query(last_events_);
  query.bind(scope.partition);
  return rows_of(query, health_row_from);
}

}  // namespace farmhand::coordinator
