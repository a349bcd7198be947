// SPDX-License-Identifier: Apache-2.0
#include "control/verbs.hh"

namespace farmhand {

namespace {

void write_quarantined(Json& json, const Clock& clock, const QuarantinedDevice& device) {
  json.object().member("device", device.key).member("reason", device.reason);
  json.member("failures", device.failures).member("breaker_open", device.breaker_open);
  write_moment(json, "since", clock, device.since_boottime_ns);
  write_moment(json, "next_try", clock, device.next_try_boottime_ns);
  json.end();
}

void write_latency(Json& json, const PluginStatus& plugin) {
  json.key("latency");
  if (plugin.calls == 0) {
    json.null();
    return;
  }
  json.object().member("p50_ns", plugin.latency_p50_ns).member("p99_ns", plugin.latency_p99_ns);
  json.member("max_ns", plugin.latency_max_ns).end();
}

void write_plugin(Json& json, const Clock& clock, const PluginStatus& plugin) {
  json.object().member("id", plugin.id);
  write_text(json, "vendor", plugin.vendor);
  write_text(json, "version", plugin.version);
  json.member("status", name_of(plugin.state));
  write_text(json, "reason", plugin.last_error);
  json.key("pid");
  plugin.pid == 0 ? json.null() : json.value(plugin.pid);
  json.member("devices", plugin.device_count).member("restarts", plugin.restarts);
  json.member("crashes", plugin.crashes).member("overruns", plugin.overruns);
  json.member("calls", plugin.calls).member("calls_failed", plugin.calls_failed);
  json.member("log_lines_dropped", plugin.log_lines_dropped);
  json.member("cpu_s", seconds_from_ns(plugin.cpu_ns));
  json.key("rss_bytes");
  plugin.pid == 0 ? json.null() : json.value(plugin.rss_bytes);
  write_latency(json, plugin);
  json.member("parked_hosts", plugin.parked_hosts);
  write_moment(json, "next_try", clock, plugin.next_try_boottime_ns);
  json.key("quarantined").array();
  for (const QuarantinedDevice& device : plugin.quarantined) {
    write_quarantined(json, clock, device);
  }
  json.end().end();
}

}  // namespace

void verb_plugins(const StatusView& view, const Request&, const Reply& reply) {
  Json json;
  json.object().key("plugins").array();
  if (view.plugins) {
    for (const PluginStatus& plugin : view.plugins()) write_plugin(json, view.clock, plugin);
  }
  json.end().end();
  reply(json.take());
}

}  // namespace farmhand
