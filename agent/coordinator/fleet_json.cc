// SPDX-License-Identifier: Apache-2.0
#include "coordinator/fleet_json.hh"

#include "base/clock.hh"
#include "base/json.hh"
#include "plugin/model.hh"
#include "wire/record.hh"

namespace farmhand::coordinator {
namespace {

void text(Json& json, std::string_view name, const std::string& value) {
  if (!value.empty()) json.member(name, value);
}

void time(Json& json, std::string_view name, int64_t wall_ns) {
  if (wall_ns > 0) json.member(name, rfc3339_from_realtime(wall_ns));
}

void words(Json& json, std::string_view name, const std::vector<std::string>& list) {
  json.key(name).array();
  for (const std::string& word : list) json.value(word);
  json.end();
}

void add_node(Json& json, const NodeRow& n, bool live) {
  json.object().member("node", n.uuid.text()).member("live", live);
  text(json, "hostname", n.hostname);
  json.member("cloud", n.cloud);
  words(json, "vendors", n.vendors);
  time(json, "enrolled", n.enrolled_ns);
  time(json, "last_seen", n.last_seen_ns);
  text(json, "agent_version", n.agent_version);
  text(json, "os", n.os);
  text(json, "kernel", n.kernel);
  text(json, "architecture", n.architecture);
  text(json, "cpu_model", n.cpu_model);
  if (n.cpu_count > 0) json.member("cpu_count", n.cpu_count);
  if (n.memory_bytes > 0) json.member("memory_bytes", n.memory_bytes);
  json.end();
}

void add_peaks(Json& json, const std::vector<wire::Peak>& peaks) {
  json.key("peaks").array();
  for (const wire::Peak& peak : peaks) {
    json.object().member("dtype", peak.dtype).member("tera_ops", peak.tera_ops);
    json.member("source", peak.source).end();
  }
  json.end();
}

// An offline node's devices are not what they were when it was last heard of.
std::string_view state_of(const DeviceRow& row, bool live) {
  if (!row.present) return wire::name_of(wire::DeviceState::kMissing);
  return live ? wire::name_of(row.device.state) : wire::name_of(wire::DeviceState::kUnknown);
}

std::string reason_of(const DeviceRow& row, bool live) {
  return live || !row.present ? row.device.reason : "the node is not connected";
}

void add_device(Json& json, const DeviceRow& row, bool live) {
  const wire::Device& d = row.device;
  json.object().member("node", row.node.text());
  text(json, "hostname", row.hostname);
  json.member("device", d.key).member("plugin", d.plugin);
  text(json, "partition", row.partition);
  json.member("vendor", d.vendor).member("model", d.model);
  json.member("kind", wire::name_of(d.kind)).member("state", state_of(row, live));
  text(json, "reason", reason_of(row, live));
  if (d.quarantined) json.member("quarantined", true);
  if (d.verdict != wire::Verdict::kUnspecified)
    json.member("verdict", live ? wire::name_of(d.verdict) : "unknown");
  if (d.hold != wire::HoldKind::kUnspecified) {
    json.member("hold", wire::name_of(d.hold));
    text(json, "hold_why", d.hold_why);
    text(json, "hold_by", d.hold_by);
    time(json, "hold_since", d.hold_since_realtime_ns);
  }
  text(json, "serial", d.serial);
  text(json, "uuid", d.uuid);
  text(json, "pci", d.pci);
  text(json, "firmware", d.firmware);
  text(json, "driver", d.driver);
  text(json, "note", d.note);
  if (d.memory_bytes > 0) json.member("memory_bytes", d.memory_bytes);
  add_peaks(json, d.peaks);
  time(json, "first_seen", row.first_seen_ns);
  time(json, "last_seen", row.last_seen_ns);
  json.end();
}

void add_reading(Json& json, const wire::Metric& metric, const Reading& reading) {
  const auto status = static_cast<SampleStatus>(reading.status);
  json.object().member("name", metric.name);
  if (!metric.label.empty())
    json.member("label", metric.label).member("label_value", metric.label_value);
  json.member("unit", symbol_of(static_cast<Unit>(metric.unit)));
  json.member("status", name_of(status));
  json.key("value");
  if (status == SampleStatus::kOk || status == SampleStatus::kStale)
    json.value(reading.value);
  else
    json.null();
  json.member("time", rfc3339_from_realtime(reading.wall_ns)).end();
}

void add_metrics(Json& json, const MetricsRow& row) {
  json.object().member("node", row.node.text());
  text(json, "hostname", row.hostname);
  json.member("plugin", row.table.plugin).member("device", row.table.device_key);
  text(json, "partition", row.partition);
  json.key("metrics").array();
  for (uint32_t i = 0; i < row.table.metrics.size(); ++i)
    if (const auto reading = row.readings.find(i))
      add_reading(json, row.table.metrics[i], *reading);
  json.end().end();
}

void add_event(Json& json, const HealthRow& row) {
  json.object().member("node", row.node.text());
  text(json, "hostname", row.hostname);
  text(json, "plugin", row.plugin);
  text(json, "device", row.device);
  json.member("severity", wire::name_of(static_cast<wire::Severity>(row.severity)));
  json.member("reason", row.reason).member("sentence", row.sentence);
  time(json, "time", row.wall_ns);
  json.member("events", row.total).end();
}

template <typename Rows, typename Add>
std::string list(std::string_view name, const Rows& rows, Add add) {
  Json json;
  json.object().key(name).array();
  for (const auto& row : rows) add(json, row);
  return json.end().end().take();
}

}  // namespace

std::string json_of_nodes(const std::vector<NodeRow>& nodes, const LiveNodes& live) {
  return list("nodes", nodes,
              [&](Json& json, const NodeRow& n) { add_node(json, n, live.contains(n.id)); });
}

std::string json_of_devices(const std::vector<DeviceRow>& devices, const LiveNodes& live) {
  return list("devices", devices, [&](Json& json, const DeviceRow& row) {
    add_device(json, row, live.contains(row.node_id));
  });
}

std::string json_of_metrics(const std::vector<MetricsRow>& metrics) {
  return list("devices", metrics, add_metrics);
}

void write_events(Json& json, const std::vector<HealthRow>& events,
                  const std::vector<DeviceRow>& devices, const LiveNodes& live) {
  json.key("last_events").array();
  for (const HealthRow& row : events) add_event(json, row);
  json.end().key("not_managed").array();
  for (const DeviceRow& row : devices) {
    const bool here = live.contains(row.node_id);
    if (here && row.present && row.device.state == wire::DeviceState::kManaged) continue;
    json.object().member("node", row.node.text()).member("device", row.device.key);
    json.member("state", state_of(row, here)).member("reason", reason_of(row, here)).end();
  }
  json.end();
}

std::string json_of_command(const CommandRow& c) {
  Json json;
  json.object().member("uuid", c.uuid.text()).member("node", c.node.text());
  json.member("partition", c.partition).member("state", c.state);
  text(json, "sentence", c.sentence);
  time(json, "created", c.created_ns);
  time(json, "finished", c.finished_ns);
  return json.end().take();
}

std::string json_of_tokens(const std::vector<TokenRow>& tokens) {
  return list("tokens", tokens, [](Json& json, const TokenRow& t) {
    json.object().member("id", t.id).member("role", name_of(t.role));
    text(json, "partition", t.partition);
    text(json, "cloud", t.cloud);
    if (t.role == Role::kJoin) words(json, "vendors", t.vendors);
    text(json, "note", t.note);
    if (t.uses_left >= 0) json.member("uses_left", t.uses_left);
    time(json, "created", t.created_ns);
    time(json, "expires", t.expires_ns);
    json.member("revoked", t.revoked).end();
  });
}

std::string json_of_error(std::string_view code, std::string_view sentence) {
  Json json;
  json.object().key("error").object().member("code", code).member("message", sentence);
  return json.end().end().take();
}

}  // namespace farmhand::coordinator
