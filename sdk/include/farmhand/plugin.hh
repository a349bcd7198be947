// SPDX-License-Identifier: Apache-2.0
// A plugin in C++20: write a class, end with FARMHAND_PLUGIN. Header-only; the ABI itself is C and
// lies in the .h files beside this one.
//
//   class Demo {
//    public:
//     Demo(const farmhand::Host& host, const farmhand::Settings& settings);  // [control]
//     void start();                                                          // [control] optional
//     void stop();                                                           // [control] optional
//     void enumerate(farmhand::Call& call);                                  // [worker]
//     void metrics(farmhand::Call& call);                                    // [worker]
//     void sample(farmhand::Call& call, std::span<const uint32_t> ids);      // [worker]
//   };
//   FARMHAND_PLUGIN(Demo, "demo", "acme", "1.0")
//
// The host outlives the object; the settings are borrowed for the constructor. To report a failure
// throw Failure, or call fail(). A class without metrics() and sample() has no telemetry, and the
// host learns so by asking. `static constexpr uint64_t kFlags` gives FH_FLAG_*.
#pragma once

#include <memory>
#include <span>

#include "farmhand/call.hh"
#include "farmhand/settings.hh"

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

// The five functions of the entry and the interface tables over a class P.
template <class P>
class Entry {
  static_assert(Enumerates<P>, "a plugin lists its devices: void enumerate(farmhand::Call&)");
  static_assert(Declares<P> == Samples<P>, "metrics() and sample() come together");

 public:
  static int32_t create(const fh_host* host, const fh_config* config, void** self,
                        fh_error* err) noexcept {
    return guarded(err, [&] {
      require_services(taken(host));
      *self = new Instance(host, config);
    });
  }

  static const void* query(void*, fh_str interface_id) noexcept {
    const std::string_view id = view(interface_id);
    if (id == FH_DEVICES_ID) return &kDevices;
    if constexpr (Samples<P>) {
      if (id == FH_TELEMETRY_ID) return &kTelemetry;
    }
    return nullptr;
  }

  static int32_t start(void* self, fh_error* err) noexcept {
    return guarded(err, [&] {
      if constexpr (requires(P & plugin) { plugin.start(); }) of(self).plugin.start();
    });
  }

  static int32_t stop(void* self, fh_error* err) noexcept {
    return guarded(err, [&] {
      if constexpr (requires(P & plugin) { plugin.stop(); }) of(self).plugin.stop();
    });
  }

  static void destroy(void* self) noexcept { delete &of(self); }

  static constexpr uint64_t flags() {
    if constexpr (requires { P::kFlags; }) return P::kFlags;
    return 0;
  }

 private:
  struct Instance {
    Instance(const fh_host* given, const fh_config* config)
        : host(given), plugin(host, Settings(config)) {}
    Host host;
    P plugin;
  };

  static Instance& of(void* self) { return *static_cast<Instance*>(self); }

  // A newer host is never a reason to refuse; a host that lacks what we need is told what.
  static void require_services(const fh_host& host) {
    if (host.abi_major != FH_ABI_MAJOR) {
      fail(FH_E_HOST_TOO_OLD, "the host speaks ABI major %u, this plugin %u", host.abi_major,
           FH_ABI_MAJOR);
    }
    if (host.emit == nullptr) fail(FH_E_HOST_TOO_OLD, "the host has no 'emit'");
  }

  // Runs `body(plugin, call)`; the error goes where the call says.
  template <class Body>
  static int32_t in_call(void* self, const fh_call* given, Body body) noexcept {
    Call call(of(self).host, given);
    return guarded(call.err(), [&] { body(of(self).plugin, call); });
  }

  static int32_t enumerate(void* self, const fh_call* given) noexcept {
    return in_call(self, given, [](P& plugin, Call& call) { plugin.enumerate(call); });
  }
  static int32_t metrics(void* self, const fh_call* given) noexcept {
    return in_call(self, given, [](P& plugin, Call& call) { plugin.metrics(call); });
  }
  static int32_t sample(void* self, const fh_call* given, const uint32_t* ids,
                        uint32_t count) noexcept {
    const std::span<const uint32_t> wanted(ids, ids == nullptr ? 0 : count);
    return in_call(self, given, [&](P& plugin, Call& call) { plugin.sample(call, wanted); });
  }

  static constexpr fh_devices kDevices{sizeof(fh_devices), 0, &enumerate};
  static constexpr fh_telemetry telemetry_table() {
    if constexpr (Samples<P>) {
      return {sizeof(fh_telemetry), 0, &metrics, &sample};
    } else {
      return {};
    }
  }
  static constexpr fh_telemetry kTelemetry = telemetry_table();
};

}  // namespace farmhand

// Defines the one exported object. The texts must equal the manifest's.
#define FARMHAND_PLUGIN(Class, id, vendor, version)                                        \
  static constexpr fh_descriptor farmhand_descriptor = {                                   \
      sizeof(fh_descriptor), 0, farmhand::literal(id), farmhand::literal(vendor),          \
      farmhand::literal(version)};                                                         \
  extern "C" {                                                                             \
  constinit const fh_plugin_entry farmhand_plugin_v1 = {sizeof(fh_plugin_entry),           \
                                                        FH_ABI_MAJOR,                      \
                                                        FH_ABI_MINOR,                      \
                                                        0,                                 \
                                                        farmhand::Entry<Class>::flags(),   \
                                                        &farmhand_descriptor,              \
                                                        &farmhand::Entry<Class>::create,   \
                                                        &farmhand::Entry<Class>::query,    \
                                                        &farmhand::Entry<Class>::start,    \
                                                        &farmhand::Entry<Class>::stop,     \
                                                        &farmhand::Entry<Class>::destroy}; \
  }                                                                                        \
  static_assert(true, "so that the macro ends with a semicolon")
