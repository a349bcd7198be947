// SPDX-License-Identifier: Apache-2.0
// What the records of a batch do to the derived tables. Effects are collected first and written
// once: a thousand samples of a device are one row, a thousand events of a device are one row.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/readings.hh"
#include "wire/record.hh"
#include "wire/sync.hh"

namespace farmhand::coordinator {

class Store;

class Effects {
 public:
  // `segment` is where the record stood: it carries the clock pair that makes its times wall times.
  void add(const wire::Segment& segment, wire::Record record);

  // Writes them, inside the caller's transaction.
  Result<void> write(Store& store, int64_t node, int64_t now_ns) &&;

 private:
  using DeviceName = std::pair<std::string, std::string>;  // plugin, key
  struct LastEvent {
    wire::Event event;
    int64_t wall_ns = 0;
    uint64_t count = 0;
  };
  struct Timed {
    wire::CommandResult result;
    int64_t wall_ns = 0;
  };

  struct TimedTransition {
    wire::HealthTransition transition;
    int64_t wall_ns = 0;
  };

  void add_telemetry(const wire::Segment& segment, const wire::Telemetry& telemetry);
  void add_event(const wire::Segment& segment, wire::Event event);
  Result<void> write_inventory(Store& store, int64_t node, int64_t now_ns);
  Result<void> write_samples(Store& store, int64_t node);

  std::optional<wire::Inventory> inventory_;
  std::map<std::string, wire::PluginState> plugins_;
  std::vector<wire::MetricTable> tables_;
  std::map<uint64_t, std::map<uint32_t, Reading>> samples_;  // by table, by series
  std::map<DeviceName, LastEvent> events_;
  std::vector<TimedTransition> transitions_;
  std::vector<Timed> results_;
  std::vector<wire::EpochStart> epoch_starts_;
  std::vector<wire::Interruption> interruptions_;
};

}  // namespace farmhand::coordinator
