// SPDX-License-Identifier: Apache-2.0
// What is due when: pure, with the time as an argument. The metrics of a device form one group per
// interval, all on one grid of boottime, so that a slow group falls together with a fast one and
// costs no call of its own. Devices are dealt to four phases of a second, so that calls are neither
// one burst nor one wake-up each. A device has at most one request outstanding; a tick that finds
// it busy is counted as missed, never queued.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/model.hh"
#include "plugin/sample_source.hh"
#include "telemetry/intervals.hh"

namespace farmhand {

class Schedule {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  // Takes a device in, or its metrics anew. Everything of it is due at once, then on the grid.
  void declare(std::string_view plugin, std::string_view device,
               std::span<const MetricInfo> metrics, const IntervalRules& rules, uint64_t now_ns);
  void remove(std::string_view device);
  void answered(std::string_view device);  // also when the request could not be made
  void pause(std::string_view device);     // unknown: nothing is asked, what is outstanding is void
  void resume(std::string_view device, uint64_t now_ns);

  // What is due at `now_ns`; valid until the next call of this object. Marks it as outstanding.
  std::span<const SampleRequest> take_due(uint64_t now_ns);
  uint64_t next_due_ns() const;  // kNever: nothing to do

  uint64_t missed() const { return missed_; }
  uint64_t missed(std::string_view device) const;
  size_t device_count() const { return devices_.size(); }

 private:
  struct Group {
    uint64_t interval_ns;
    uint64_t next_ns;
    std::vector<uint32_t> metrics;
  };
  struct Entry {
    std::string plugin;
    std::string device;
    std::vector<Group> groups;  // by interval, the fastest first
    uint64_t next_ns = kNever;  // the earliest of the groups
    uint64_t phase_ns = 0;
    uint64_t missed = 0;
    bool outstanding = false;
    bool paused = false;
  };
  Entry* find(std::string_view device);
  void collect(Entry& entry, uint64_t now_ns);
  void place_on_grid(Entry& entry, Group& group, uint64_t now_ns);

  std::vector<Entry> devices_;  // tens at most: a scan beats a map
  std::vector<SampleRequest> due_;
  std::vector<std::vector<uint32_t>> joined_;  // ids of requests that span several groups
  size_t joined_used_ = 0;
  uint64_t phases_dealt_ = 0;
  uint64_t missed_ = 0;
};

}  // namespace farmhand
