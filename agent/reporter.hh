// SPDX-License-Identifier: Apache-2.0
// What the node reports besides samples: the inventory as a whole on lane 2, each change of a
// device as an event on lane 1. Changes of one turn make one inventory.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "device/inventory.hh"
#include "device/node.hh"
#include "loop/timer.hh"
#include "outbox/outbox.hh"
#include "plugin/status.hh"
#include "wire/record.hh"

namespace farmhand {

class Reporter {
 public:
  Reporter(Loop& loop, const Clock& clock, Outbox& outbox, const Inventory& inventory,
           std::function<std::vector<PluginStatus>()> plugins, std::string node_name);

  void on_change(const DeviceChange& change);  // an event, and an inventory soon
  void on_plugin_state();                      // an inventory soon
  // Somebody's own event; `done` once it is on disk. Refused at once while nothing can be stored: a
  // script must not wait for a disk to be mended.
  void add_event(wire::Event event, Outbox::Done done);
  void report_inventory(Outbox::Done done = nullptr);  // now; `done` once it is on disk

 private:
  void soon();
  wire::Inventory snapshot() const;

  const Clock& clock_;
  Outbox& outbox_;
  const Inventory& inventory_;
  std::function<std::vector<PluginStatus>()> plugins_;
  NodeFacts facts_;
  Timer soon_;
};

}  // namespace farmhand
