// SPDX-License-Identifier: Apache-2.0
// Events of devices:
//
//   void wait(farmhand::Call& call) {
//     while (!next(100ms)) call.check();  // ends the call at the deadline or when cancelled
//     call.emit(farmhand::event_record(handle, FH_SEVERITY_ERROR, "vendor.acme.x", sentence));
//   }
#pragma once

#include "farmhand/events.h"
#include "farmhand/health.hh"

namespace farmhand {

inline fh_event event_record(uint32_t device, int32_t severity, std::string_view reason,
                             std::string_view sentence) {
  fh_event record = made<fh_event>();
  record.kind = FH_RECORD_EVENT;
  record.device = device;
  record.severity = severity;
  record.reason = str(reason);
  record.sentence = str(sentence);
  return record;
}

template <class P>
concept WaitsForEvents = requires(P& plugin, Call& call) {
  plugin.wait(call);
};

template <class P>
struct EventsTable {
  static const void* find(std::string_view id) {
    if constexpr (WaitsForEvents<P>) {
      if (id == FH_EVENTS_ID) return &kTable;
    }
    return nullptr;
  }

 private:
  static int32_t wait(void* self, const fh_call* given) noexcept {
    return in_call<P>(self, given, [](P& plugin, Call& call) { return plugin.wait(call); });
  }
  static constexpr fh_events kTable{sizeof(fh_events), 0, &wait};
};

}  // namespace farmhand
