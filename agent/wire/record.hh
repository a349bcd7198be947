// SPDX-License-Identifier: Apache-2.0
// One entry of one lane. `decode_record` takes any bytes: what is not a record is kCorrupt, never a
// crash, and never costs more memory than a small multiple of kRecordBytesMax.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.hh"
#include "base/result.hh"
#include "wire/health.hh"
#include "wire/inventory.hh"
#include "wire/position.hh"
#include "wire/telemetry.hh"

namespace farmhand::wire {

enum class Severity : uint8_t {
  kUnspecified = 0,
  kInfo = 1,
  kWarning = 2,
  kError = 3,
  kCritical = 4
};

// The uuid keys the effect: an event sent twice is one event.
struct Event {
  Uuid uuid;
  uint64_t boottime_ns = 0;
  std::string device_key;  // empty: of the node
  std::string plugin;
  Severity severity = Severity::kInfo;
  std::string reason;  // `device.missing`
  std::string sentence;
  std::vector<std::pair<std::string, std::string>> attributes;
  bool operator==(const Event&) const = default;
};

enum class CommandStatus : uint8_t {
  kUnspecified = 0,
  kOk = 1,
  kFailed = 2,
  kRefused = 3,      // signature, partition or policy
  kExpired = 4,      // not-after had passed
  kUnsupported = 5,  // this agent does not know the kind
};

struct CommandResult {
  Uuid command_uuid;
  CommandStatus status = CommandStatus::kUnspecified;
  std::string sentence;
  uint64_t boottime_ns = 0;
  std::string output;  // any bytes
  bool operator==(const CommandResult&) const = default;
};

// The first record of each lane of a new epoch: what was known of the old one.
struct EpochStart {
  std::optional<Epoch> old_epoch;  // none: the node's first
  std::vector<Watermark> last;
  std::string reason;
  bool operator==(const EpochStart&) const = default;
};

// Samples may have been lost before they were accepted, between these two wall-clock times.
struct Interruption {
  uint8_t lane = 0;
  int64_t from_realtime_ns = 0;
  int64_t to_realtime_ns = 0;
  bool operator==(const Interruption&) const = default;
};

using Record = std::variant<Inventory, MetricTable, Telemetry, Event, CommandResult, EpochStart,
                            Interruption, PluginState, HealthTransition>;

// Text that is not UTF-8 is mended (U+FFFD) on the way out: it must not make a record unreadable.
std::string encode_record(const Record& record);
Result<Record> decode_record(std::string_view bytes);

std::string_view name_of(const Record& record);  // `inventory`, `metric_table`, …
std::string_view name_of(DeviceKind kind);
std::string_view name_of(DeviceState state);
std::string_view name_of(PluginHealth health);
std::string_view name_of(Severity severity);
std::string_view name_of(CommandStatus status);

}  // namespace farmhand::wire
