// SPDX-License-Identifier: Apache-2.0
#include "plugin/model.hh"

namespace farmhand {

std::string_view name_of(DeviceKind kind) {
  return kind == DeviceKind::kNode ? "node" : "accelerator";
}

std::string_view name_of(DeviceState state) {
  switch (state) {
    case DeviceState::kManaged:
      return "managed";
    case DeviceState::kUnmanaged:
      return "unmanaged";
    case DeviceState::kNoPermission:
      return "no_permission";
  }
  return "unmanaged";
}

std::string_view name_of(SampleStatus status) {
  switch (status) {
    case SampleStatus::kOk:
      return "ok";
    case SampleStatus::kNotSupported:
      return "not_supported";
    case SampleStatus::kNoPermission:
      return "no_permission";
    case SampleStatus::kStale:
      return "stale";
    case SampleStatus::kError:
      return "error";
    case SampleStatus::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view symbol_of(Unit unit) {
  switch (unit) {
    case Unit::kNone:
      return "";
    case Unit::kCelsius:
      return "°C";
    case Unit::kWatt:
      return "W";
    case Unit::kJoule:
      return "J";
    case Unit::kByte:
      return "B";
    case Unit::kPercent:
      return "%";
    case Unit::kMegahertz:
      return "MHz";
    case Unit::kNanosecond:
      return "ns";
    case Unit::kVolt:
      return "V";
    case Unit::kAmpere:
      return "A";
    case Unit::kRpm:
      return "rpm";
    case Unit::kOperationPerSecond:
      return "op/s";
    case Unit::kBytePerSecond:
      return "B/s";
  }
  return "";
}

}  // namespace farmhand
