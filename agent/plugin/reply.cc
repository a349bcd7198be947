// SPDX-License-Identifier: Apache-2.0
#include "plugin/reply.hh"

#include <algorithm>
#include <cmath>

#include "farmhand/devices.h"
#include "farmhand/telemetry.h"
#include "plugin/frame_bytes.hh"
#include "plugin/text.hh"

namespace farmhand {

namespace {

constexpr std::string_view kMeaning[] = {
    "ok",        "nothing to be had now", "not supported", "invalid",      "timed out",
    "cancelled", "device lost",           "no permission", "host too old", "internal error",
};

// Text from beyond: taken only when it is clean.
bool take_text(std::string_view& in, std::string& out) {
  return frame::take_string(in, out) && is_clean_text(out);
}

DeviceState state_of(int32_t state) {
  switch (state) {
    case FH_DEVICE_MANAGED:
      return DeviceState::kManaged;
    case FH_DEVICE_NO_PERMISSION:
      return DeviceState::kNoPermission;
    default:
      return DeviceState::kUnmanaged;  // a state of a later minor is not "managed" to us
  }
}

bool take_device(std::string_view& in, ListedDevice& device) {
  frame::DeviceRecord head;
  if (!frame::take(in, head)) return false;
  DeviceInfo& info = device.info;
  device.handle = head.handle;
  info.kind = head.device_kind == FH_DEVICE_NODE ? DeviceKind::kNode : DeviceKind::kAccelerator;
  info.state = state_of(head.state);
  info.numa_node = std::max(head.numa_node, -1);
  info.index = std::max(head.index, -1);
  info.memory_bytes = head.memory_bytes;
  for (std::string* text : {&info.key, &info.vendor, &info.model, &info.serial, &info.uuid,
                            &info.pci, &info.firmware, &info.driver, &info.note}) {
    if (!take_text(in, *text)) return false;
  }
  return !info.key.empty();
}

bool take_peak(std::string_view& in, std::vector<ListedDevice>& devices) {
  frame::PeakRecord head;
  Peak peak;
  if (!frame::take(in, head) || !take_text(in, peak.dtype) || !take_text(in, peak.source)) {
    return false;
  }
  const auto owner = std::find_if(devices.begin(), devices.end(),
                                  [&](const auto& device) { return device.handle == head.handle; });
  if (owner == devices.end() || !std::isfinite(head.tera_ops)) return false;
  peak.tera_ops = head.tera_ops;
  owner->info.peaks.push_back(std::move(peak));
  return true;
}

uint32_t kind_of(std::string_view in) {
  return take_le<uint32_t>(in).value_or(0);
}

}  // namespace

std::string CallFailure::sentence() const {
  const auto status = static_cast<size_t>(head.status);
  std::string out(status < std::size(kMeaning) ? kMeaning[status] : kMeaning[FH_E_INTERNAL]);
  if (!text.empty()) {
    out += ": " + text;
  } else {
    out += ", and the plugin's '" + std::string(name_of(head.operation)) + "' call gave no reason";
  }
  if (head.vendor_code != 0) out += " (vendor code " + std::to_string(head.vendor_code) + ")";
  return out;
}

std::optional<std::vector<ListedDevice>> take_devices(std::string_view records) {
  std::vector<ListedDevice> devices;
  while (!records.empty()) {
    if (kind_of(records) == FH_RECORD_PEAK) {
      if (!take_peak(records, devices)) return std::nullopt;
      continue;
    }
    ListedDevice device{};
    if (kind_of(records) != FH_RECORD_DEVICE || !take_device(records, device)) return std::nullopt;
    devices.push_back(std::move(device));
  }
  return devices;
}

std::optional<std::vector<MetricInfo>> take_metrics(std::string_view records) {
  std::vector<MetricInfo> metrics;
  while (!records.empty()) {
    frame::MetricRecord head;
    if (kind_of(records) != FH_RECORD_METRIC || !frame::take(records, head)) return std::nullopt;
    MetricInfo metric;
    metric.id = head.id;
    metric.kind = head.metric_kind == FH_METRIC_COUNTER ? MetricKind::kCounter : MetricKind::kGauge;
    const bool unit_known = head.unit >= FH_UNIT_NONE && head.unit <= FH_UNIT_OPERATION_PER_SECOND;
    metric.unit = unit_known ? static_cast<Unit>(head.unit) : Unit::kNone;
    metric.interval_ms = head.interval_ms;
    if (!take_text(records, metric.name) || !take_text(records, metric.label) ||
        !take_text(records, metric.label_value) || !take_text(records, metric.help)) {
      return std::nullopt;
    }
    metrics.push_back(std::move(metric));
  }
  return metrics;
}

bool take_readings(std::string_view readings, uint64_t now_ns, std::vector<Sample>& out) {
  frame::Reading reading;
  while (frame::take(readings, reading)) {
    const bool known = reading.status <= FH_SAMPLE_UNKNOWN && std::isfinite(reading.value);
    out.push_back(
        {.metric = reading.metric,
         .status = known ? static_cast<SampleStatus>(reading.status) : SampleStatus::kError,
         .value = known ? reading.value : 0,
         .boottime_ns = std::min(reading.boottime_ns, now_ns)});
  }
  return readings.empty();
}

std::optional<CallFailure> take_failure(std::string_view content) {
  CallFailure failure{};
  if (!frame::take(content, failure.head) || !take_text(content, failure.text)) return std::nullopt;
  return failure;
}

}  // namespace farmhand
