// SPDX-License-Identifier: Apache-2.0
// What a plugin tells the agent, as plain values: devices, metrics, samples. The numbers of units,
// kinds and statuses are the ABI's (sdk/include/farmhand), unknown ones already mapped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farmhand {

enum class DeviceKind : uint8_t { kAccelerator = 1, kNode = 2 };
enum class DeviceState : uint8_t { kManaged = 0, kUnmanaged = 1, kNoPermission = 2 };

// A peak figure: 10^12 dense operations per second of one dtype, and where the figure is from.
struct Peak {
  std::string dtype;
  double tera_ops = 0;
  std::string source;
  bool operator==(const Peak&) const = default;
};

struct DeviceInfo {
  std::string key;  // serial or UUID, else the PCI address: unique on the node with its plugin
  std::string plugin;
  std::string vendor;
  std::string model;
  std::string serial;
  std::string uuid;
  std::string pci;
  std::string firmware;
  std::string driver;
  std::string note;
  DeviceKind kind = DeviceKind::kAccelerator;
  DeviceState state = DeviceState::kManaged;
  int32_t numa_node = -1;
  int32_t index = -1;  // the vendor's number, for display only
  uint64_t memory_bytes = 0;
  std::vector<Peak> peaks;
  bool operator==(const DeviceInfo&) const = default;
};

enum class MetricKind : uint8_t { kGauge = 1, kCounter = 2 };

enum class Unit : uint8_t {
  kNone,
  kCelsius,
  kWatt,
  kJoule,
  kByte,
  kPercent,
  kMegahertz,
  kNanosecond,
  kVolt,
  kAmpere,
  kRpm,
  kBytePerSecond,
  kOperationPerSecond,
};

enum class SampleStatus : uint8_t { kOk, kNotSupported, kNoPermission, kStale, kError, kUnknown };

std::string_view name_of(DeviceKind kind);
std::string_view name_of(DeviceState state);
std::string_view name_of(SampleStatus status);
std::string_view symbol_of(Unit unit);  // `°C`, `W`, `%`, …, empty for kNone

struct MetricInfo {
  uint32_t id = 0;  // unique within the device
  MetricKind kind = MetricKind::kGauge;
  Unit unit = Unit::kNone;
  uint32_t interval_ms = 0;  // the plugin's wish; 0: the agent's default
  std::string name;
  std::string label;  // empty: the only series of its name on this device
  std::string label_value;
  std::string help;
  bool operator==(const MetricInfo&) const = default;
};

// One reading: value + status + time. The value is meaningful for kOk and kStale only.
struct Sample {
  uint32_t metric = 0;  // MetricInfo::id
  SampleStatus status = SampleStatus::kUnknown;
  double value = 0;
  uint64_t boottime_ns = 0;
};

}  // namespace farmhand
