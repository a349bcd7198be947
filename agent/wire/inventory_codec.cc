// SPDX-License-Identifier: Apache-2.0
#include "wire/inventory_codec.hh"

#include <utility>

#include "base/digest.hh"
#include "wire/text.hh"

namespace farmhand::wire {

namespace {

namespace v1 = ::farmhand::v1;

void pack(v1::Node& out, const Node& node) {
  out.set_hostname(utf8(node.hostname));
  out.set_os(utf8(node.os));
  out.set_kernel(utf8(node.kernel));
  out.set_architecture(utf8(node.architecture));
  out.set_cpu_model(utf8(node.cpu_model));
  out.set_cpu_count(node.cpu_count);
  out.set_memory_bytes(node.memory_bytes);
  out.set_agent_version(utf8(node.agent_version));
}

void pack_texts(v1::Device& out, const Device& device) {
  out.set_key(utf8(device.key));
  out.set_plugin(utf8(device.plugin));
  out.set_vendor(utf8(device.vendor));
  out.set_model(utf8(device.model));
  out.set_serial(utf8(device.serial));
  out.set_uuid(utf8(device.uuid));
  out.set_pci(utf8(device.pci));
  out.set_firmware(utf8(device.firmware));
  out.set_driver(utf8(device.driver));
  out.set_note(utf8(device.note));
  out.set_reason(utf8(device.reason));
}

void pack(v1::Device& out, const Device& device) {
  pack_texts(out, device);
  out.set_kind(static_cast<v1::DeviceKind>(device.kind));
  out.set_state(static_cast<v1::DeviceState>(device.state));
  out.set_quarantined(device.quarantined);
  out.set_since_boottime_ns(device.since_boottime_ns);
  out.set_numa_node(device.numa_node);
  out.set_index(device.index);
  out.set_memory_bytes(device.memory_bytes);
  out.set_verdict(static_cast<v1::Verdict>(device.verdict));
  out.set_hold(static_cast<v1::HoldKind>(device.hold));
  out.set_hold_why(utf8(device.hold_why));
  out.set_hold_by(utf8(device.hold_by));
  out.set_hold_since_realtime_ns(device.hold_since_realtime_ns);
  for (const Peak& peak : device.peaks) {
    v1::Peak& to = *out.add_peaks();
    to.set_dtype(utf8(peak.dtype));
    to.set_tera_ops(peak.tera_ops);
    to.set_source(utf8(peak.source));
  }
}

Node node_from(const v1::Node& in) {
  return {.hostname = in.hostname(),
          .os = in.os(),
          .kernel = in.kernel(),
          .architecture = in.architecture(),
          .cpu_model = in.cpu_model(),
          .cpu_count = in.cpu_count(),
          .memory_bytes = in.memory_bytes(),
          .agent_version = in.agent_version()};
}

Device device_from(const v1::Device& in) {
  Device device{.key = in.key(),
                .plugin = in.plugin(),
                .vendor = in.vendor(),
                .model = in.model(),
                .serial = in.serial(),
                .uuid = in.uuid(),
                .pci = in.pci(),
                .firmware = in.firmware(),
                .driver = in.driver(),
                .note = in.note(),
                .reason = in.reason(),
                .kind = enum_from(in.kind(), DeviceKind::kNode),
                .state = enum_from(in.state(), DeviceState::kMissing),
                .quarantined = in.quarantined(),
                .since_boottime_ns = in.since_boottime_ns(),
                .numa_node = in.numa_node(),
                .index = in.index(),
                .memory_bytes = in.memory_bytes(),
                .peaks = {},
                .verdict = enum_from(in.verdict(), Verdict::kUnknown),
                .hold = enum_from(in.hold(), HoldKind::kQuiesced),
                .hold_why = in.hold_why(),
                .hold_by = in.hold_by(),
                .hold_since_realtime_ns = in.hold_since_realtime_ns()};
  for (const v1::Peak& peak : in.peaks()) {
    device.peaks.push_back(
        {.dtype = peak.dtype(), .tera_ops = peak.tera_ops(), .source = peak.source()});
  }
  return device;
}

}  // namespace

void pack(v1::PluginState& out, const PluginState& plugin) {
  out.set_id(utf8(plugin.id));
  out.set_vendor(utf8(plugin.vendor));
  out.set_version(utf8(plugin.version));
  out.set_health(static_cast<v1::PluginHealth>(plugin.health));
  out.set_sentence(utf8(plugin.sentence));
  out.set_restarts(plugin.restarts);
  out.set_parked_hosts(plugin.parked_hosts);
  out.set_boottime_ns(plugin.boottime_ns);
}

Result<PluginState> unpack(const v1::PluginState& in) {
  return PluginState{.id = in.id(),
                     .vendor = in.vendor(),
                     .version = in.version(),
                     .health = enum_from(in.health(), PluginHealth::kStopped),
                     .sentence = in.sentence(),
                     .restarts = in.restarts(),
                     .parked_hosts = in.parked_hosts(),
                     .boottime_ns = in.boottime_ns()};
}

void pack(v1::Inventory& out, const Inventory& inventory) {
  out.set_boottime_ns(inventory.boottime_ns);
  pack(*out.mutable_node(), inventory.node);
  for (const Device& device : inventory.devices) pack(*out.add_devices(), device);
  for (const PluginState& plugin : inventory.plugins) pack(*out.add_plugins(), plugin);
}

Result<Inventory> unpack(const v1::Inventory& in) {
  Inventory inventory{
      .boottime_ns = in.boottime_ns(), .node = node_from(in.node()), .devices = {}, .plugins = {}};
  for (const v1::Device& device : in.devices()) {
    if (device.key().empty()) return corrupt("inventory: a device without a key");
    inventory.devices.push_back(device_from(device));
  }
  for (const v1::PluginState& plugin : in.plugins()) {
    inventory.plugins.push_back(*unpack(plugin));
  }
  return inventory;
}

void pack(v1::MetricTable& out, const MetricTable& table) {
  out.set_table_id(table.table_id);
  out.set_device_key(utf8(table.device_key));
  out.set_plugin(utf8(table.plugin));
  for (const Metric& metric : table.metrics) {
    v1::Metric& to = *out.add_metrics();
    to.set_name(utf8(metric.name));
    to.set_label(utf8(metric.label));
    to.set_label_value(utf8(metric.label_value));
    to.set_kind(metric.kind);
    to.set_unit(metric.unit);
  }
}

Result<MetricTable> unpack(const v1::MetricTable& in) {
  if (static_cast<size_t>(in.metrics_size()) > kMetricsMax) {
    return corrupt("metric table: more than 65536 metrics");
  }
  MetricTable table{.table_id = in.table_id(),
                    .device_key = in.device_key(),
                    .plugin = in.plugin(),
                    .metrics = {}};
  for (const v1::Metric& metric : in.metrics()) {
    table.metrics.push_back({.name = metric.name(),
                             .label = metric.label(),
                             .label_value = metric.label_value(),
                             .kind = metric.kind(),
                             .unit = metric.unit()});
  }
  return table;
}

MetricTable make_metric_table(std::string device_key, std::string plugin,
                              std::vector<Metric> metrics) {
  MetricTable table{.table_id = 0,
                    .device_key = std::move(device_key),
                    .plugin = std::move(plugin),
                    .metrics = std::move(metrics)};
  // The encoding without an id is the content; protobuf encodes the same fields the same way within
  // one build, and an id that changes with a build costs one more declaration.
  v1::MetricTable content;
  pack(content, table);
  const Sha256 digest = sha256(content.SerializeAsString());
  for (int i = 0; i < 8; ++i) table.table_id |= uint64_t{digest[i]} << 8 * i;
  return table;
}

}  // namespace farmhand::wire
