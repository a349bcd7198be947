// SPDX-License-Identifier: Apache-2.0
// Bringing a device back to a known state:
//
//   void resets(farmhand::Call& call) {
//     call.emit(farmhand::reset_record(FH_RESET_DEVICE, FH_RESET_LOSES_MEMORY, "Restarts the
//     cores.")); call.emit(farmhand::reset_shared_record(sibling));
//   }
//   void reset(farmhand::Call& call, int32_t reset_kind);
#pragma once

#include "farmhand/instance.hh"
#include "farmhand/reset.h"

namespace farmhand {

inline fh_reset_kind reset_record(int32_t reset_kind, uint32_t flags, std::string_view help,
                                  uint64_t duration_ns = 0) {
  fh_reset_kind record = made<fh_reset_kind>();
  record.kind = FH_RECORD_RESET;
  record.reset_kind = reset_kind;
  record.flags = flags;
  record.duration_ns = duration_ns;
  record.help = str(help);
  return record;
}

inline fh_reset_shared reset_shared_record(uint32_t device) {
  fh_reset_shared record = made<fh_reset_shared>();
  record.kind = FH_RECORD_RESET_SHARED;
  record.device = device;
  return record;
}

template <class P>
concept ListsResets = requires(P& plugin, Call& call) {
  plugin.resets(call);
};
template <class P>
concept Resets = requires(P& plugin, Call& call, int32_t reset_kind) {
  plugin.reset(call, reset_kind);
};

template <class P>
struct ResetTable {
  static_assert(ListsResets<P> == Resets<P>, "resets() and reset() come together");

  static const void* find(std::string_view id) {
    if constexpr (Resets<P>) {
      if (id == FH_RESET_ID) return &kTable;
    }
    return nullptr;
  }

 private:
  static int32_t kinds(void* self, const fh_call* given) noexcept {
    return in_call<P>(self, given, [](P& plugin, Call& call) { return plugin.resets(call); });
  }
  static int32_t reset(void* self, const fh_call* given, int32_t reset_kind) noexcept {
    return in_call<P>(self, given, [reset_kind](P& plugin, Call& call) {
      return plugin.reset(call, reset_kind);
    });
  }
  static constexpr fh_reset kTable{sizeof(fh_reset), 0, &kinds, &reset};
};

}  // namespace farmhand
