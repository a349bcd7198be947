// SPDX-License-Identifier: Apache-2.0
// Parts of a device that can be scheduled alone:
//
//   void slices(farmhand::Call& call) {
//     fh_slice slice = farmhand::slice_record(key, "4core");
//     slice.core_count = 4;
//     call.emit(slice);
//   }
//   void profiles(farmhand::Call& call);
//   void divide(farmhand::Call& call, std::span<const std::string> profiles);
#pragma once

#include <span>
#include <string>
#include <vector>

#include "farmhand/instance.hh"
#include "farmhand/slice.h"

namespace farmhand {

inline fh_slice slice_record(std::string_view key, std::string_view profile, uint32_t flags = 0) {
  fh_slice record = made<fh_slice>();
  record.kind = FH_RECORD_SLICE;
  record.flags = flags;
  record.key = str(key);
  record.profile = str(profile);
  return record;
}

inline fh_slice_profile profile_record(std::string_view name, uint32_t core_count,
                                       uint32_t count_max, std::string_view help) {
  fh_slice_profile record = made<fh_slice_profile>();
  record.kind = FH_RECORD_SLICE_PROFILE;
  record.core_count = core_count;
  record.count_max = count_max;
  record.name = str(name);
  record.help = str(help);
  return record;
}

template <class P>
concept ListsSlices = requires(P& plugin, Call& call) {
  plugin.slices(call);
  plugin.profiles(call);
};
template <class P>
concept Divides = requires(P& plugin, Call& call, std::span<const std::string> profiles) {
  plugin.divide(call, profiles);
};

template <class P>
struct SliceTable {
  static_assert(ListsSlices<P> == Divides<P>, "slices(), profiles() and divide() come together");

  static const void* find(std::string_view id) {
    if constexpr (Divides<P>) {
      if (id == FH_SLICE_ID) return &kTable;
    }
    return nullptr;
  }

 private:
  static int32_t slices(void* self, const fh_call* given) noexcept {
    return in_call<P>(self, given, [](P& plugin, Call& call) { return plugin.slices(call); });
  }
  static int32_t profiles(void* self, const fh_call* given) noexcept {
    return in_call<P>(self, given, [](P& plugin, Call& call) { return plugin.profiles(call); });
  }
  static int32_t apply(void* self, const fh_call* given, const fh_str* names,
                       uint32_t count) noexcept {
    return in_call<P>(self, given, [names, count](P& plugin, Call& call) {
      std::vector<std::string> wanted;
      for (uint32_t i = 0; names != nullptr && i < count; ++i) wanted.emplace_back(view(names[i]));
      return plugin.divide(call, wanted);
    });
  }
  static constexpr fh_slices kTable{sizeof(fh_slices), 0, &slices, &profiles, &apply};
};

}  // namespace farmhand
