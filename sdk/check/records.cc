// SPDX-License-Identifier: Apache-2.0
#include "records.hh"

#include <farmhand/jobenv.h>
#include <farmhand/metrics.h>
#include <farmhand/reset.h>
#include <farmhand/slice.h>
#include <farmhand/call.hh>
#include <farmhand/diag.hh>
#include <farmhand/events.hh>

#include <algorithm>
#include <cmath>

#include "record_specs.hh"
#include "utf8.hh"

namespace farmhand::check {

namespace {

constexpr uint64_t kBytesMax = 4u << 20;
constexpr size_t kTextMax = 1024;
constexpr size_t kKeyMax = 128;
constexpr uint32_t kEventsMax = 1000;
constexpr size_t kDevicesMax = 1024;

// Dotted lower case.
bool is_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
  };
  return !name.empty() && name.size() <= kKeyMax && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), fits);
}

// `0000:03:00.0`
bool is_pci(std::string_view text) {
  static constexpr std::string_view kForm = "xxxx:xx:xx.x";
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (kForm[i] == 'x' ? !hex : text[i] != kForm[i]) return false;
  }
  return true;
}

struct Standard {
  const char* name;
  int32_t kind;
  int32_t unit;
};
#define FH_STANDARD(name, kind, unit, help) {name, kind, unit},
constexpr Standard kStandard[] = {FH_METRICS(FH_STANDARD)};

#define FH_CODE(name, code, meaning, action) code,
constexpr const char* kReasons[] = {FH_REASONS(FH_CODE)};

bool is_reason(std::string_view code) {
  if (code.starts_with("vendor.")) return code.size() > 8 && code.find(' ') == code.npos;
  return std::find(std::begin(kReasons), std::end(kReasons), code) != std::end(kReasons);
}

// Whatever its kind, the record is ours to read up to what both sides know.
template <class T>
T copy_of(const fh_record* record) {
  return taken(reinterpret_cast<const T*>(record));
}

std::string text_of(fh_str text) {
  return std::string(view(text));
}

}  // namespace

const char* name_of(Op op) {
  static constexpr const char* kNames[] = {
      "devices.enumerate", "telemetry.metrics", "telemetry.sample", "health.check", "events.wait",
      "jobenv.prepare",    "jobenv.release",    "diag.tests",       "diag.run",     "reset.kinds",
      "reset.reset",       "slice.slices",      "slice.profiles",   "slice.apply"};
  return kNames[static_cast<size_t>(op)];
}

int32_t Sink::refuse(const char* format, ...) {
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  found_.add(Topic::kRecords, "%s emitted %s", name_of(op_), text);
  return FH_E_INVALID;
}

int32_t Sink::take(const fh_record* record) {
  const std::lock_guard lock(mutex_);
  if (closed_) {
    found_.add(Topic::kLate,
               "it emitted a record for %s after that call had returned: emit only inside the call",
               name_of(op_));
    return FH_E_INVALID;
  }
  if (record == nullptr) return refuse("a null record");
  const RecordSpec* const spec = find_spec(record->kind);
  if (spec == nullptr) return refuse("a record of unknown kind %u", record->kind);
  if ((spec->ops & (1u << static_cast<uint32_t>(op_))) == 0) {
    return refuse("an %s, which does not belong there", spec->name);
  }
  if (record->struct_size != spec->size) {
    return refuse("an %s with struct_size %u instead of %zu: set it with FH_INIT or made<>()",
                  spec->name, record->struct_size, spec->size);
  }
  if (!check_texts(record, *spec)) return FH_E_INVALID;
  if (bytes_ > kBytesMax) {
    found_.add(Topic::kFlood, "%s emitted more than 4 MiB in one call", name_of(op_));
    return FH_E_AGAIN;
  }
  return look(record);
}

bool Sink::check_texts(const fh_record* record, const RecordSpec& spec) {
  bytes_ += spec.size;
  for (const TextSpec& each : spec.texts) {
    fh_str text;
    memcpy(&text, reinterpret_cast<const char*>(record) + each.offset, sizeof text);
    if (text.ptr == nullptr && text.len != 0) {
      return refuse("an %s whose %s has a length and no pointer", spec.name, each.name) == FH_OK;
    }
    if (each.required && view(text).empty()) {
      return refuse("an %s without %s, which is required", spec.name, each.name) == FH_OK;
    }
    if (text.len > kTextMax) {
      found_.add(Topic::kText, "%s emitted an %s whose %s has %u bytes: texts have at most 1024",
                 name_of(op_), spec.name, each.name, text.len);
      return false;
    }
    if (!is_clean(view(text))) {
      found_.add(Topic::kText, "%s emitted an %s whose %s is not UTF-8 without control characters",
                 name_of(op_), spec.name, each.name);
      return false;
    }
    bytes_ += text.len;
  }
  return true;
}

int32_t Sink::look(const fh_record* record) {
  switch (record->kind) {
    case FH_RECORD_DEVICE:
      return look_device(record);
    case FH_RECORD_PEAK:
      return look_peak(record);
    case FH_RECORD_METRIC:
      return look_metric(record);
    case FH_RECORD_SAMPLE:
      return look_sample(record);
    case FH_RECORD_VERDICT:
      return look_verdict(record);
    default:
      return look_other(record);
  }
}

int32_t Sink::unique_name(const char* what, fh_str text) {
  const std::string name = text_of(text);
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return refuse("the %s '%s' twice", what, name.c_str());
  }
  names.push_back(name);
  return FH_OK;
}

int32_t Sink::look_device(const fh_record* record) {
  const auto device = copy_of<fh_device>(record);
  const std::string key = text_of(device.key);
  if (key.size() > kKeyMax) return refuse("a device key of %zu bytes: at most 128", key.size());
  if (device.handle == FH_NO_DEVICE) return refuse("'%s' with handle FH_NO_DEVICE", key.c_str());
  for (const SeenDevice& other : devices) {
    if (other.key == key) return refuse("the device key '%s' twice", key.c_str());
    if (other.handle == device.handle) return refuse("the handle %u twice", device.handle);
  }
  if (devices.size() >= kDevicesMax) return refuse("more than 1024 devices");
  if (device.device_kind != FH_DEVICE_ACCELERATOR && device.device_kind != FH_DEVICE_NODE) {
    refuse("'%s' with device_kind %d: write FH_DEVICE_ACCELERATOR or FH_DEVICE_NODE", key.c_str(),
           device.device_kind);
  }
  if (device.state < 0 || device.state > FH_DEVICE_NO_PERMISSION) {
    refuse("'%s' with state %d, which is not in devices.h", key.c_str(), device.state);
  }
  if (device.numa_node < -1 || device.index < -1) {
    refuse("'%s' with a numa_node or index below -1", key.c_str());
  }
  if (!view(device.pci).empty() && !is_pci(view(device.pci))) {
    refuse("'%s' with pci '%s': write it as 0000:03:00.0, lower case", key.c_str(),
           text_of(device.pci).c_str());
  }
  if (device.state != FH_DEVICE_MANAGED && view(device.note).empty()) {
    refuse("'%s' as not managed without a note that says why", key.c_str());
  }
  devices.push_back({device.handle, device.device_kind, key});
  return FH_OK;
}

int32_t Sink::look_peak(const fh_record* record) {
  const auto peak = copy_of<fh_peak>(record);
  const bool known = std::any_of(devices.begin(), devices.end(), [&](const SeenDevice& device) {
    return device.handle == peak.handle;
  });
  if (!known) return refuse("a peak before its device (handle %u)", peak.handle);
  if (!std::isfinite(peak.tera_ops) || peak.tera_ops <= 0) {
    return refuse("a peak of %g tera-operations: leave out what is not known", peak.tera_ops);
  }
  return FH_OK;
}

int32_t Sink::look_metric(const fh_record* record) {
  const auto metric = copy_of<fh_metric>(record);
  const std::string name = text_of(metric.name);
  const std::string value = text_of(metric.label_value);
  if (!is_name(name)) return refuse("the metric name '%s': dotted lower case", name.c_str());
  if (metric.id > 65535) return refuse("'%s' with id %u: at most 65535", name.c_str(), metric.id);
  const std::string label = text_of(metric.label);
  if (!label.empty() && !is_name(label)) {
    return refuse("'%s' with the label '%s': lower case", name.c_str(), label.c_str());
  }
  if (label.empty() != value.empty()) {
    return refuse("'%s' with a label and no value, or a value and no label", name.c_str());
  }
  for (const SeenMetric& other : metrics) {
    if (other.id == metric.id) return refuse("the metric id %u twice", metric.id);
    if (other.name == name && other.label_value == value) {
      return refuse("the series '%s' {%s} twice", name.c_str(), value.c_str());
    }
  }
  if (metric.metric_kind != FH_METRIC_GAUGE && metric.metric_kind != FH_METRIC_COUNTER) {
    return refuse("'%s' with metric_kind %d", name.c_str(), metric.metric_kind);
  }
  if (metric.unit < 0 || metric.unit > FH_UNIT_OPERATION_PER_SECOND) {
    refuse("'%s' with unit %d, which is not in telemetry.h", name.c_str(), metric.unit);
  }
  for (const Standard& standard : kStandard) {
    if (name != standard.name) continue;
    if (metric.unit != standard.unit || metric.metric_kind != standard.kind) {
      refuse("'%s' with another unit or kind than metrics.h gives this standard name",
             name.c_str());
    }
  }
  metrics.push_back({metric.id, metric.metric_kind, metric.unit, name, value});
  return FH_OK;
}

int32_t Sink::look_sample(const fh_record* record) {
  const auto sample = copy_of<fh_sample>(record);
  if (std::find(wanted.begin(), wanted.end(), sample.id) == wanted.end()) {
    return refuse("a sample of metric %u, which was not asked for", sample.id);
  }
  for (const SeenSample& other : samples) {
    if (other.id == sample.id) return refuse("two samples of metric %u in one call", sample.id);
  }
  if (sample.status < 0 || sample.status > FH_SAMPLE_UNKNOWN) {
    return refuse("a sample with status %d, which is not in telemetry.h", sample.status);
  }
  const bool valued = sample.status == FH_SAMPLE_OK || sample.status == FH_SAMPLE_STALE;
  if (valued && !std::isfinite(sample.value)) {
    return refuse("a value that is not finite for metric %u: use FH_SAMPLE_ERROR", sample.id);
  }
  if (sample.boottime_ns > boottime_ns()) {
    return refuse("a sample of metric %u from the future: use CLOCK_BOOTTIME", sample.id);
  }
  samples.push_back({sample.id, sample.status, sample.value});
  return FH_OK;
}

int32_t Sink::look_verdict(const fh_record* record) {
  const auto verdict = copy_of<fh_verdict>(record);
  const std::string check = text_of(verdict.check);
  if (!is_name(check)) return refuse("the check name '%s': dotted lower case", check.c_str());
  if (verdict.verdict < 0 || verdict.verdict > FH_VERDICT_UNKNOWN) {
    return refuse("'%s' with verdict %d, which is not in verdict.h", check.c_str(),
                  verdict.verdict);
  }
  if (verdict.verdict != FH_VERDICT_OK) {
    if (!is_reason(view(verdict.reason))) {
      refuse("'%s' with reason '%s': use a code of reasons.h or vendor.<vendor>.<code>",
             check.c_str(), text_of(verdict.reason).c_str());
    }
    if (view(verdict.sentence).empty()) refuse("'%s' not OK without a sentence", check.c_str());
  }
  wholes.push_back("verdict");
  return unique_name("verdict of check", verdict.check);
}

int32_t Sink::look_other(const fh_record* record) {
  ++count_;
  switch (record->kind) {
    case FH_RECORD_EVIDENCE: {
      const auto evidence = copy_of<fh_evidence>(record);
      if (std::isinf(evidence.value)) return refuse("evidence with an infinite value");
      if (wholes.empty()) return refuse("evidence before any verdict or event");
      return FH_OK;
    }
    case FH_RECORD_EVENT: {
      const auto event = copy_of<fh_event>(record);
      wholes.push_back("event");
      if (count_ > kEventsMax) {
        found_.add(Topic::kFlood, "events.wait emitted more than 1000 events in one call");
      }
      if (event.severity < FH_SEVERITY_INFO || event.severity > FH_SEVERITY_CRITICAL) {
        return refuse("an event with severity %d", event.severity);
      }
      if (!is_reason(view(event.reason))) {
        return refuse(
            "an event with reason '%s': use a code of reasons.h or vendor.<vendor>.<code>",
            text_of(event.reason).c_str());
      }
      return FH_OK;
    }
    case FH_RECORD_NODE: {
      const std::string path = text_of(copy_of<fh_node>(record).path);
      wholes.push_back("node " + path);
      return path[0] == '/' ? FH_OK : refuse("the node '%s': paths are absolute", path.c_str());
    }
    case FH_RECORD_VARIABLE: {
      const auto variable = copy_of<fh_variable>(record);
      wholes.push_back("variable " + text_of(variable.name) + "=" + text_of(variable.value));
      return unique_name("variable", variable.name);
    }
    case FH_RECORD_MOUNT: {
      const std::string source = text_of(copy_of<fh_mount>(record).source);
      wholes.push_back("mount " + source);
      return source[0] == '/' ? FH_OK
                              : refuse("the mount '%s': paths are absolute", source.c_str());
    }
    case FH_RECORD_TEST:
      return unique_name("test", copy_of<fh_test>(record).name);
    case FH_RECORD_PROGRESS: {
      const double percent = copy_of<fh_progress>(record).percent;
      if (!(percent >= progress_ && percent <= 100)) {
        return refuse("progress of %g %% after %g %%", percent, progress_);
      }
      progress_ = percent;
      return FH_OK;
    }
    case FH_RECORD_RESET:
      reset_kinds.push_back(copy_of<fh_reset_kind>(record).reset_kind);
      return FH_OK;
    case FH_RECORD_SLICE:
      return unique_name("slice", copy_of<fh_slice>(record).key);
    case FH_RECORD_SLICE_PROFILE:
      return unique_name("profile", copy_of<fh_slice_profile>(record).name);
    default:
      return FH_OK;
  }
}

}  // namespace farmhand::check
