// SPDX-License-Identifier: Apache-2.0
// What the node reports besides samples: the inventory as a whole on lane 2, each change of a
// device or of the queue's disk as an event on lane 1. Changes of one turn make one inventory, and
// one that did not get through, or was dropped again, is followed by another.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "device/inventory.hh"
#include "device/node.hh"
#include "health/status.hh"
#include "loop/timer.hh"
#include "outbox/outbox.hh"
#include "plugin/status.hh"
#include "wire/record.hh"

namespace farmhand {

wire::Verdict wire_verdict_of(Verdict verdict);
// With what it rests on as attributes; `device_key` empty: of the node.
wire::Event wire_event_from(const PluginEvent& event, const std::string& plugin,
                            const std::string& device_key);

class Reporter {
 public:
  Reporter(Loop& loop, const Clock& clock, Outbox& outbox, const Inventory& inventory,
           std::function<std::vector<PluginStatus>()> plugins, std::string node_name);

  void on_change(const DeviceChange& change);  // an event, and an inventory soon
  void on_plugin_state();                      // an inventory soon
  void on_plugin_event(const std::string& plugin, const PluginEvent& event);
  // Verdict and hold of a device; nothing: no check has spoken.
  void set_health(std::function<std::optional<SubjectHealth>(std::string_view key)> health) {
    health_ = std::move(health);
  }
  void on_queue_change(const OutboxStats& now);
  // Somebody's own event; `done` once it is on disk. Refused at once while nothing can be stored: a
  // script must not wait for a disk to be mended.
  void add_event(wire::Event event, Outbox::Done done);
  void report_inventory(Outbox::Done done = nullptr);  // now; `done` once it is on disk

 private:
  // Long enough for a plugin's devices to come together, short enough that nobody waits.
  static constexpr uint64_t kGatherMs = 50;

  void soon(uint64_t delay_ms = kGatherMs);
  void on_reported(const Result<uint64_t>& seq);
  void put_event(wire::Event event);
  void tell_of_trouble(const OutboxStats& now);
  wire::Inventory snapshot() const;
  void add_health(wire::Device& device) const;

  const Clock& clock_;
  Outbox& outbox_;
  const Inventory& inventory_;
  std::function<std::vector<PluginStatus>()> plugins_;
  std::function<std::optional<SubjectHealth>(std::string_view key)> health_;
  NodeFacts facts_;
  std::string trouble_;         // the queue's, as last told; empty: none
  Epoch epoch_;                 // of the queue, as last seen
  uint64_t inventory_seq_ = 0;  // of the last one stored in it; 0: none yet
  bool owed_ = false;           // it may be gone: another one, when the disk is well
  Timer soon_;
};

}  // namespace farmhand
