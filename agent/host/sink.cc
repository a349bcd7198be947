// SPDX-License-Identifier: Apache-2.0
#include "host/sink.hh"

#include <cmath>
#include <utility>

#include "host/now.hh"
#include "host/outbound.hh"
#include "host/record.hh"
#include "plugin/text.hh"

namespace farmhand::host {

namespace {

constexpr size_t kTextBytesMax = 1024;
constexpr size_t kDevicesMax = 1024;
constexpr uint32_t kMetricIdMax = 65535;
constexpr size_t kKeptBytes = 64 << 10;

}  // namespace

Sink::Sink() {
  records_.reserve(512);
}

void Sink::open(frame::Operation operation, std::span<const uint32_t> ids,
                std::span<const std::string> excluded) {
  const std::lock_guard lock(mutex_);
  ids_ = ids;
  excluded_ = excluded;
  records_.clear();
  if (records_.capacity() > kKeptBytes) std::string().swap(records_);
  keys_.clear();
  peaks_.clear();
  evidence_.clear();
  concluded_ = false;
  handles_.clear();
  passed_handles_.clear();
  complaint_.clear();
  next_id_ = 0;
  count_ = 0;
  overflown_ = false;
  readings_.assign(ids.size(), frame::Reading{});
  for (size_t i = 0; i < ids.size(); ++i) {
    readings_[i].metric = static_cast<uint16_t>(ids[i]);
    readings_[i].status = FH_SAMPLE_UNKNOWN;
  }
  operation_ = operation;
}

void Sink::close() {
  const std::lock_guard lock(mutex_);
  operation_ = frame::Operation::kNone;
}

int32_t Sink::take(const fh_record* record) {
  const std::lock_guard lock(mutex_);
  if (operation_ == frame::Operation::kNone) {
    late_ = true;
    return FH_E_INVALID;
  }
  if (record == nullptr || record->struct_size < sizeof(fh_record)) {
    return refuse("a record without its beginning");
  }
  switch (record->kind) {
    case FH_RECORD_DEVICE:
      return take_device(record);
    case FH_RECORD_PEAK:
      return take_peak(record);
    case FH_RECORD_METRIC:
      return take_metric(record);
    case FH_RECORD_SAMPLE:
      return take_sample(record);
    case FH_RECORD_VERDICT:
      return take_verdict(record);
    case FH_RECORD_EVENT:
      return take_event(record);
    case FH_RECORD_EVIDENCE:
      return take_evidence(record);
    default:
      return refuse("a record of unknown kind");
  }
}

bool Sink::take_late() {
  const std::lock_guard lock(mutex_);
  return std::exchange(late_, false);
}

int32_t Sink::refuse(std::string_view why) {
  if (complaint_.empty()) complaint_ = why;
  return FH_E_INVALID;
}

int32_t Sink::keep(std::string_view head, std::span<const fh_str> texts) {
  size_t bytes = head.size();
  for (const fh_str& text : texts) {
    const std::string_view view = view_of(text);
    if (view.size() > kTextBytesMax) return refuse("a text longer than 1024 bytes");
    if (!is_clean_text(view)) return refuse("a text that is not clean UTF-8");
    bytes += sizeof(uint32_t) + view.size();
  }
  if (records_.size() + bytes > frame::kCallBytesMax) {
    overflown_ = true;
    return FH_E_AGAIN;
  }
  records_.append(head);
  for (const fh_str& text : texts) append_string(records_, view_of(text));
  ++count_;
  return FH_OK;
}

int32_t Sink::take_device(const fh_record* record) {
  if (operation_ != frame::Operation::kEnumerate) return refuse("a device outside enumerate");
  const auto device = copy_of<fh_device>(record);
  // A header from before `numa_node` and `index` would leave 0 there, which is a real number.
  if (record->struct_size < offsetof(fh_device, index) + sizeof device.index) {
    return refuse("a device record that ends before its key");
  }
  const std::string_view key = view_of(device.key);
  if (key.empty() || key.size() > kKeyBytesMax || !is_clean_text(key)) {
    return refuse("a device key that is empty, longer than 128 bytes or not clean UTF-8");
  }
  if (device.handle == FH_NO_DEVICE) return refuse("a device with the handle FH_NO_DEVICE");
  if (contains(excluded_, key)) {
    passed_handles_.push_back(device.handle);
    return FH_OK;
  }
  if (contains(keys_, key)) return refuse("a device key that was emitted twice");
  if (contains(handles_, device.handle)) return refuse("a device handle that was emitted twice");
  if (keys_.size() >= kDevicesMax) return refuse("more than 1024 devices");
  const frame::DeviceRecord head{.kind = FH_RECORD_DEVICE,
                                 .handle = device.handle,
                                 .device_kind = device.device_kind,
                                 .state = device.state,
                                 .numa_node = device.numa_node,
                                 .index = device.index,
                                 .memory_bytes = device.memory_bytes};
  const fh_str texts[frame::kDeviceStrings] = {device.key,      device.vendor, device.model,
                                               device.serial,   device.uuid,   device.pci,
                                               device.firmware, device.driver, device.note};
  const int32_t status = keep(bytes_of(head), texts);
  if (status != FH_OK) return status;
  keys_.emplace_back(key);
  handles_.push_back(device.handle);
  return FH_OK;
}

int32_t Sink::take_peak(const fh_record* record) {
  if (operation_ != frame::Operation::kEnumerate) return refuse("a peak outside enumerate");
  const auto peak = copy_of<fh_peak>(record);
  if (contains(passed_handles_, peak.handle)) return FH_OK;
  if (!contains(handles_, peak.handle)) return refuse("a peak of a device not emitted before it");
  if (!std::isfinite(peak.tera_ops) || peak.tera_ops <= 0) {
    return refuse("a peak figure that is not a positive number");
  }
  if (view_of(peak.dtype).empty()) return refuse("a peak without a dtype");
  std::string name = std::to_string(peak.handle) + ' ';
  name += view_of(peak.dtype);
  if (contains(peaks_, name)) return refuse("a second peak of one dtype for a device");
  peaks_.push_back(std::move(name));
  const frame::PeakRecord head{
      .kind = FH_RECORD_PEAK, .handle = peak.handle, .tera_ops = peak.tera_ops};
  const fh_str texts[] = {peak.dtype, peak.source};
  return keep(bytes_of(head), texts);
}

int32_t Sink::take_metric(const fh_record* record) {
  if (operation_ != frame::Operation::kMetrics) return refuse("a metric outside metrics");
  const auto metric = copy_of<fh_metric>(record);
  if (metric.id > kMetricIdMax) return refuse("a metric id above 65535");
  if (contains(handles_, metric.id)) return refuse("a metric id that was emitted twice");
  if (metric.metric_kind != FH_METRIC_GAUGE && metric.metric_kind != FH_METRIC_COUNTER) {
    return refuse("a metric of unknown kind");
  }
  if (!is_dotted_name(view_of(metric.name))) {
    return refuse("a metric name that is not dotted lower case");
  }
  if (!view_of(metric.label).empty() && !is_dotted_name(view_of(metric.label))) {
    return refuse("a metric label that is not lower case");
  }
  const bool unit_known =
      metric.unit >= FH_UNIT_NONE && metric.unit <= FH_UNIT_OPERATION_PER_SECOND;
  const frame::MetricRecord head{.kind = FH_RECORD_METRIC,
                                 .id = metric.id,
                                 .metric_kind = metric.metric_kind,
                                 .unit = unit_known ? metric.unit : FH_UNIT_NONE,
                                 .interval_ms = metric.interval_ms,
                                 .reserved0 = 0};
  const fh_str texts[] = {metric.name, metric.label, metric.label_value, metric.help};
  const int32_t status = keep(bytes_of(head), texts);
  if (status == FH_OK) handles_.push_back(metric.id);
  return status;
}

// Plugins emit in the order asked: the next one is nearly always where it is looked for first.
size_t Sink::find_id(uint32_t id) {
  if (next_id_ < ids_.size() && ids_[next_id_] == id) return next_id_++;
  const auto found = std::find(ids_.begin(), ids_.end(), id);
  if (found == ids_.end()) return ids_.size();
  next_id_ = static_cast<size_t>(found - ids_.begin()) + 1;
  return next_id_ - 1;
}

int32_t Sink::take_sample(const fh_record* record) {
  if (operation_ != frame::Operation::kSample) return refuse("a sample outside sample");
  const auto sample = copy_of<fh_sample>(record);
  const size_t at = find_id(sample.id);
  if (at == ids_.size()) return refuse("a sample of a metric that was not asked for");
  frame::Reading& reading = readings_[at];
  const bool known = sample.status >= FH_SAMPLE_OK && sample.status <= FH_SAMPLE_UNKNOWN;
  reading.status = static_cast<uint8_t>(known ? sample.status : FH_SAMPLE_UNKNOWN);
  reading.boottime_ns = sample.boottime_ns == 0 ? boottime_ns() : sample.boottime_ns;
  const bool has_value = reading.status == FH_SAMPLE_OK || reading.status == FH_SAMPLE_STALE;
  reading.value = has_value ? sample.value : 0;
  if (std::isfinite(reading.value)) return FH_OK;
  reading.value = 0;
  reading.status = FH_SAMPLE_ERROR;
  return refuse("a sample whose value is not finite");
}

std::string_view Sink::readings() {
  uint64_t now_ns = 0;
  for (frame::Reading& reading : readings_) {
    if (reading.boottime_ns != 0) continue;
    if (now_ns == 0) now_ns = boottime_ns();
    reading.boottime_ns = now_ns;
  }
  return {reinterpret_cast<const char*>(readings_.data()),
          readings_.size() * sizeof(frame::Reading)};
}

}  // namespace farmhand::host
