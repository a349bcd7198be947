// SPDX-License-Identifier: Apache-2.0
// The interfaces every plugin has or nearly has: its devices, and readings of them.
#pragma once

#include <span>

#include "farmhand/instance.hh"
#include "farmhand/metrics.h"

namespace farmhand {

template <class P>
concept Enumerates = requires(P& plugin, Call& call) {
  plugin.enumerate(call);
};
template <class P>
concept Declares = requires(P& plugin, Call& call) {
  plugin.metrics(call);
};
template <class P>
concept Samples = requires(P& plugin, Call& call, std::span<const uint32_t> ids) {
  plugin.sample(call, ids);
};

template <class P>
struct DevicesTable {
  static_assert(Enumerates<P>, "a plugin lists its devices: void enumerate(farmhand::Call&)");

  static const void* find(std::string_view id) { return id == FH_DEVICES_ID ? &kTable : nullptr; }

 private:
  static int32_t enumerate(void* self, const fh_call* given) noexcept {
    return in_call<P>(self, given, [](P& plugin, Call& call) { return plugin.enumerate(call); });
  }
  static constexpr fh_devices kTable{sizeof(fh_devices), 0, &enumerate};
};

template <class P>
struct TelemetryTable {
  static_assert(Declares<P> == Samples<P>, "metrics() and sample() come together");

  static const void* find(std::string_view id) {
    if constexpr (Samples<P>) {
      if (id == FH_TELEMETRY_ID) return &kTable;
    }
    return nullptr;
  }

 private:
  static int32_t metrics(void* self, const fh_call* given) noexcept {
    return in_call<P>(self, given, [](P& plugin, Call& call) { return plugin.metrics(call); });
  }
  static int32_t sample(void* self, const fh_call* given, const uint32_t* ids,
                        uint32_t count) noexcept {
    const std::span<const uint32_t> wanted(ids, ids == nullptr ? 0 : count);
    return in_call<P>(self, given,
                      [wanted](P& plugin, Call& call) { return plugin.sample(call, wanted); });
  }
  static constexpr fh_telemetry kTable{sizeof(fh_telemetry), 0, &metrics, &sample};
};

}  // namespace farmhand
