// SPDX-License-Identifier: Apache-2.0
// What the driver reports by itself: XIDs, memory errors, a GPU that is gone. NVML keeps them from
// the moment a card is registered; of several XIDs in a row it gives the last only (nvml.h,
// nvmlEventSetWait).
#pragma once

#include <farmhand/events.hh>

#include "inventory.hh"

namespace farmhand::nvidia {

// Used by one call at a time.
class Events {
 public:
  explicit Events(Nvml& library) : library_(library) {}
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // Emits the event that comes, or ends the call at its deadline or when cancelled.
  void wait(Call& call, Inventory& inventory);

  // Before the library is closed.
  void end();

 private:
  void subscribe(const Nvml::Use& use, const std::vector<std::shared_ptr<const Card>>& cards);
  bool next(const Nvml::Use& use, Call& call, nvml::EventData* event);

  Nvml& library_;
  nvml::EventSet set_ = nullptr;
  uint64_t session_ = 0;                     // to which the set belongs
  std::map<nvml::Device, bool> registered_;  // and whether it has events
};

}  // namespace farmhand::nvidia
