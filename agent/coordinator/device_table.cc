// SPDX-License-Identifier: Apache-2.0
#include "coordinator/device_table.hh"

namespace farmhand::coordinator {

Result<void> DeviceTable::prepare(sqlite::Database& db) {
  return prepare_all(
      db,
      {{&absent_, "UPDATE device SET present = 0 WHERE node = ?"},
       {&set_device_,
        "INSERT INTO device(node, plugin, key, partition, vendor, model, serial, uuid, pci, "
        "firmware, driver, note, kind, state, reason, quarantined, memory_bytes, present, "
        "first_seen_ns, last_seen_ns, verdict, hold, hold_why, hold_by, hold_since_ns) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?18, ?18, ?, ?, ?, ?, ?) "
        "ON CONFLICT(node, plugin, key) DO UPDATE SET partition = excluded.partition, "
        "vendor = excluded.vendor, model = excluded.model, serial = excluded.serial, "
        "uuid = excluded.uuid, pci = excluded.pci, firmware = excluded.firmware, "
        "driver = excluded.driver, note = excluded.note, kind = excluded.kind, "
        "state = excluded.state, reason = excluded.reason, quarantined = excluded.quarantined, "
        "memory_bytes = excluded.memory_bytes, present = 1, last_seen_ns = excluded.last_seen_ns, "
        "verdict = excluded.verdict, hold = excluded.hold, hold_why = excluded.hold_why, "
        "hold_by = excluded.hold_by, hold_since_ns = excluded.hold_since_ns"},
       {&drop_peaks_, "DELETE FROM peak WHERE node = ?"},
       {&add_peak_,
        "INSERT OR REPLACE INTO peak(node, plugin, device, dtype, tera_ops, source) "
        "VALUES (?, ?, ?, ?, ?, ?)"},
       {&drop_plugins_, "DELETE FROM plugin WHERE node = ?"},
       {&set_plugin_,
        "INSERT OR REPLACE INTO plugin(node, id, vendor, version, health, sentence, restarts, "
        "parked_hosts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
       {&add_table_,
        "INSERT OR IGNORE INTO metric_table(node, id, plugin, device, record) "
        "VALUES (?, ?, ?, ?, ?)"},
       {&table_device_, "SELECT plugin, device FROM metric_table WHERE node = ? AND id = ?"},
       {&readings_,
        "SELECT readings FROM latest WHERE node = ? AND plugin = ? AND device = ? "
        "AND metric_table = ?"},
       {&set_readings_,
        "INSERT OR REPLACE INTO latest(node, plugin, device, metric_table, readings) "
        "VALUES (?, ?, ?, ?, ?)"},
       {&set_last_event_,
        "INSERT INTO last_event(node, plugin, device, severity, reason, sentence, wall_ns, total) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(node, plugin, device) DO UPDATE SET "
        "severity = excluded.severity, reason = excluded.reason, sentence = excluded.sentence, "
        "wall_ns = excluded.wall_ns, total = total + excluded.total"}});
}

Result<void> DeviceTable::replace(int64_t node, const std::string& cloud,
                                  const std::vector<std::string>& vendors,
                                  const wire::Inventory& inventory, int64_t now_ns) {
  for (sqlite::Statement* clear : {&absent_, &drop_peaks_, &drop_plugins_})
    if (auto done = sqlite::Query(*clear).bind(node).run(); !done) return done;
  for (const wire::Device& device : inventory.devices) {
    const std::string partition = partition_of(cloud, vendors, device.vendor);
    if (auto done = set_device(node, partition, device, now_ns); !done) return done;
    if (auto done = set_peaks(node, device); !done) return done;
  }
  for (const wire::PluginState& plugin : inventory.plugins)
    if (auto done = set_plugin(node, plugin); !done) return done;
  return {};
}

Result<void> DeviceTable::set_device(int64_t node, const std::string& partition,
                                     const wire::Device& d, int64_t now_ns) {
  sqlite::Query query(set_device_);
  query.bind(node).bind(d.plugin).bind(d.key).bind(partition).bind(d.vendor).bind(d.model);
  query.bind(d.serial).bind(d.uuid).bind(d.pci).bind(d.firmware).bind(d.driver).bind(d.note);
  query.bind(static_cast<int>(d.kind)).bind(static_cast<int>(d.state)).bind(d.reason);
  query.bind(d.quarantined ? 1 : 0).bind(d.memory_bytes).bind(now_ns);
  query.bind(static_cast<int>(d.verdict)).bind(static_cast<int>(d.hold)).bind(d.hold_why);
  return query.bind(d.hold_by).bind(d.hold_since_realtime_ns).run();
}

Result<void> DeviceTable::set_peaks(int64_t node, const wire::Device& d) {
  for (const wire::Peak& peak : d.peaks) {
    sqlite::Query query(add_peak_);
    query.bind(node).bind(d.plugin).bind(d.key).bind(peak.dtype).bind(peak.tera_ops);
    if (auto done = query.bind(peak.source).run(); !done) return done;
  }
  return {};
}

Result<void> DeviceTable::set_plugin(int64_t node, const wire::PluginState& p) {
  sqlite::Query query(set_plugin_);
  query.bind(node).bind(p.id).bind(p.vendor).bind(p.version).bind(static_cast<int>(p.health));
  return query.bind(p.sentence).bind(p.restarts).bind(p.parked_hosts).run();
}

Result<void> DeviceTable::add_table(int64_t node, const wire::MetricTable& table) {
  const std::string record = wire::encode_record(table);
  sqlite::Query query(add_table_);
  query.bind(node).bind(table.table_id).bind(table.plugin).bind(table.device_key);
  return query.bind_blob(record).run();
}

Result<void> DeviceTable::set_readings(int64_t node, uint64_t table,
                                       const std::map<uint32_t, Reading>& fresh) {
  sqlite::Query of(table_device_);
  auto known = of.bind(node).bind(table).step();
  if (!known) return known.error();
  if (!*known) return {};

  Readings readings;
  {
    sqlite::Query query(readings_);
    query.bind(node).bind(of.text(0)).bind(of.text(1)).bind(table);
    auto row = row_of(query, [](const sqlite::Query& q) { return std::string(q.blob(0)); });
    if (!row) return row.error();
    if (*row) readings = Readings(std::move(**row));
  }
  for (const auto& [series, reading] : fresh)
    if (series < wire::kMetricsMax) readings.set(series, reading);
  sqlite::Query query(set_readings_);
  query.bind(node).bind(of.text(0)).bind(of.text(1)).bind(table).bind_blob(readings.packed());
  return query.run();
}

Result<void> DeviceTable::set_last_event(int64_t node, const wire::Event& e, int64_t wall_ns,
                                         uint64_t count) {
  sqlite::Query query(set_last_event_);
  query.bind(node).bind(e.plugin).bind(e.device_key).bind(static_cast<int>(e.severity));
  return query.bind(e.reason).bind(e.sentence).bind(wall_ns).bind(count).run();
}

}  // namespace farmhand::coordinator
