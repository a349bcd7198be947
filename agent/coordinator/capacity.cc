// SPDX-License-Identifier: Apache-2.0
#include "coordinator/capacity.hh"

#include "base/json.hh"

namespace farmhand::coordinator {
namespace {

template <typename Sum>
void add_to(Sum& sum, const wire::Peak& peak, bool available) {
  ++sum.devices;
  sum.installed += peak.tera_ops;
  if (available) {
    ++sum.available_devices;
    sum.available += peak.tera_ops;
  }
  sum.sources.insert(peak.source);
}

template <typename Sum>
void write_sum(Json& json, const Sum& sum) {
  json.member("devices", sum.devices).member("installed_tera_ops", sum.installed);
  json.member("available_devices", sum.available_devices);
  json.member("available_tera_ops", sum.available).key("sources").array();
  for (const std::string& source : sum.sources) json.value(source);
  json.end();
}

}  // namespace

bool is_available(const DeviceRow& row, bool node_live) {
  return node_live && row.present && row.device.state == wire::DeviceState::kManaged &&
         !row.device.quarantined;
}

void Capacity::add(const DeviceRow& row, bool node_live) {
  if (row.device.kind != wire::DeviceKind::kAccelerator || !row.present ||
      row.device.state == wire::DeviceState::kMissing)
    return;
  const bool available = is_available(row, node_live);
  ++devices_;
  if (available) ++available_devices_;
  if (row.device.peaks.empty()) unknown_.push_back(row);
  for (const wire::Peak& peak : row.device.peaks) {
    add_to(sums_[{row.partition, row.device.vendor, peak.dtype}], peak, available);
    add_to(totals_[peak.dtype], peak, available);
  }
}

std::string Capacity::json(double target_petaflops) const {
  Json json;
  json.object().member("target_petaflops", target_petaflops);
  json.member("devices", devices_).member("available_devices", available_devices_);
  json.key("totals").array();
  for (const auto& [dtype, sum] : totals_) {
    json.object().member("dtype", dtype);
    write_sum(json, sum);
    json.member("installed_percent_of_target", sum.installed / 10 / target_petaflops);
    json.member("available_percent_of_target", sum.available / 10 / target_petaflops).end();
  }
  json.end().key("partitions").array();
  for (const auto& [key, sum] : sums_) {
    json.object().member("partition", std::get<0>(key)).member("vendor", std::get<1>(key));
    json.member("dtype", std::get<2>(key));
    write_sum(json, sum);
    json.end();
  }
  json.end().key("unknown").array();
  for (const DeviceRow& row : unknown_) {
    json.object().member("node", row.node.text()).member("hostname", row.hostname);
    json.member("partition", row.partition).member("device", row.device.key);
    json.member("vendor", row.device.vendor).member("model", row.device.model).end();
  }
  return json.end().end().take();
}

}  // namespace farmhand::coordinator
