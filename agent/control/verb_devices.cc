// SPDX-License-Identifier: Apache-2.0
#include "control/health_json.hh"

namespace farmhand {

namespace {

void write_identity(Json& json, const DeviceInfo& info, const std::string& partition) {
  json.member("key", info.key).member("kind", name_of(info.kind)).member("plugin", info.plugin);
  write_text(json, "vendor", info.vendor);
  write_text(json, "model", info.model);
  write_text(json, "serial", info.serial);
  write_text(json, "uuid", info.uuid);
  write_text(json, "pci", info.pci);
  write_text(json, "firmware", info.firmware);
  write_text(json, "driver", info.driver);
  write_text(json, "note", info.note);
  write_text(json, "partition", partition);
  json.key("numa_node");
  info.numa_node < 0 ? json.null() : json.value(info.numa_node);
  json.key("index");
  info.index < 0 ? json.null() : json.value(info.index);
  json.key("memory_bytes");
  info.memory_bytes == 0 ? json.null() : json.value(info.memory_bytes);
}

void write_peaks(Json& json, const std::vector<Peak>& peaks) {
  json.key("peaks").array();
  for (const Peak& peak : peaks) {
    json.object().member("dtype", peak.dtype).member("tera_ops", peak.tera_ops);
    json.member("source", peak.source).end();
  }
  json.end();
}

// The few readings a person looks for first, where the device has them as one unlabelled series.
void write_readings(Json& json, const StatusView& view, const DeviceSeries* series) {
  constexpr std::pair<std::string_view, std::string_view> kShown[] = {
      {"temperature", "temperature"},   {"power", "power"},
      {"utilization", "utilization"},   {"memory_used", "memory.used"},
      {"memory_total", "memory.total"},
  };
  json.key("readings").object();
  for (const auto& [member, metric] : kShown) {
    const auto index = series == nullptr ? std::nullopt : series->find(metric, "");
    if (!index) continue;
    write_reading(json, member, view.clock, series->metric(*index),
                  series->reading(*index, view.clock.boottime_ns()));
  }
  json.end();
}

void write_energy(Json& json, const DeviceSeries* series) {
  json.key("energy");
  if (series == nullptr || series->energy().source == EnergySource::kNone) {
    json.null();
    return;
  }
  const EnergyFigure& energy = series->energy();
  json.object().member("joules", energy.joules).member("source", name_of(energy.source));
  json.member("samples", energy.samples);
  json.member("largest_gap_s", seconds_from_ns(energy.largest_gap_ns));
  json.member("covered_s", seconds_from_ns(energy.covered_ns));
  json.member("uncovered_s", seconds_from_ns(energy.uncovered_ns)).end();
}

void write_device(Json& json, const StatusView& view, const CoordinatorView& coordinator,
                  const Device& device) {
  const DeviceSeries* series = view.telemetry.find(device.info.key);
  json.object();
  write_identity(json, device.info, partition_of(coordinator, device.info.vendor));
  json.member("status", name_of(device.presence));
  write_text(json, "reason", device.reason);
  const auto health =
      find_subject(view, device.info.kind == DeviceKind::kNode ? "" : device.info.key);
  json.key("verdict");
  health ? json.value(name_of(health->verdict)) : json.null();
  const CheckStatus* deciding = health ? health->deciding() : nullptr;
  write_text(json, "verdict_reason", deciding == nullptr ? "" : deciding->reason);
  write_text(json, "verdict_sentence", deciding == nullptr ? "" : deciding->sentence);
  write_hold(json, health ? health->hold : std::nullopt);
  write_moment(json, "since", view.clock, device.since_ns);
  write_moment(json, "first_seen", view.clock, device.first_seen_ns);
  write_moment(json, "last_seen", view.clock, device.last_seen_ns);
  write_readings(json, view, series);
  write_energy(json, series);
  write_peaks(json, device.info.peaks);
  json.end();
}

}  // namespace

void verb_devices(const StatusView& view, const Request& request, const Reply& reply) {
  const auto key = request.find("device");
  if (key && view.inventory.find(*key) == nullptr) {
    return reply(Error{Errc::kNotFound, "there is no device '" + *key +
                                            "'; 'farmhand devices' lists those there are"});
  }
  const auto coordinator = view.coordinator ? view.coordinator() : CoordinatorView();
  Json json;
  json.object().key("devices").array();
  for (const auto& [name, device] : view.inventory.devices()) {
    if (!key || name == *key) write_device(json, view, coordinator, device);
  }
  json.end().end();
  reply(json.take());
}

}  // namespace farmhand
