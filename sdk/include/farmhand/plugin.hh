// SPDX-License-Identifier: Apache-2.0
// A plugin in C++20: write a class, end with FARMHAND_PLUGIN. Header-only; the ABI itself is C and
// lies in the .h files beside this one.
//
//   class Demo {
//    public:
//     Demo(const farmhand::Host& host, const farmhand::Settings& settings);  // [control]
//     void enumerate(farmhand::Call& call);                                  // [worker]
//   };
//   FARMHAND_PLUGIN(Demo, "demo", "acme", "1.0");
//
// A class that has the methods has the interface; the host learns so by asking:
//
//   start()  stop()                                [control]          setting up, taking down
//   metrics(call)  sample(call, span of ids)       [worker]           telemetry.hh
//   check(call)                                    [worker]           health.hh
//   wait(call)                                     [long]             events.hh
//   prepare(call, lease)  release(call, lease)     [long]             jobenv.hh
//   tests(call)  run(call, test_run)               [worker], [long]   diag.hh
//   resets(call)  reset(call, reset_kind)          [worker], [long]   reset.hh
//   slices(call)  profiles(call)  divide(call, …)  [worker], [long]   slice.hh
//
// Each returns nothing, or a status. The host outlives the object; the settings are borrowed for
// the constructor. To report a failure throw Failure, or call fail(). `static constexpr uint64_t
// kFlags` gives FH_FLAG_*. An interface of your own: `static const void*
// find_interface(std::string_view)`.
#pragma once

#include "farmhand/diag.hh"
#include "farmhand/events.hh"
#include "farmhand/health.hh"
#include "farmhand/jobenv.hh"
#include "farmhand/reset.hh"
#include "farmhand/slice.hh"
#include "farmhand/telemetry.hh"

namespace farmhand {

// The five functions of the entry over a class P.
template <class P>
class Entry {
 public:
  static int32_t create(const fh_host* host, const fh_config* config, void** self,
                        fh_error* err) noexcept {
    return guarded(err, [&] {
      require_services(taken(host));
      *self = new Instance<P>(host, config);
    });
  }

  static const void* query(void*, fh_str interface_id) noexcept {
    const std::string_view id = view(interface_id);
    return first(DevicesTable<P>::find(id), TelemetryTable<P>::find(id), HealthTable<P>::find(id),
                 EventsTable<P>::find(id), JobenvTable<P>::find(id), DiagTable<P>::find(id),
                 ResetTable<P>::find(id), SliceTable<P>::find(id), vendors_own(id));
  }

  static int32_t start(void* self, fh_error* err) noexcept {
    return guarded(err, [&] {
      if constexpr (requires(P & plugin) { plugin.start(); }) Instance<P>::of(self).plugin.start();
    });
  }

  static int32_t stop(void* self, fh_error* err) noexcept {
    return guarded(err, [&] {
      if constexpr (requires(P & plugin) { plugin.stop(); }) Instance<P>::of(self).plugin.stop();
    });
  }

  static void destroy(void* self) noexcept { delete static_cast<Instance<P>*>(self); }

  static constexpr uint64_t flags() {
    if constexpr (requires { P::kFlags; }) return P::kFlags;
    return 0;
  }

 private:
  template <class... Tables>
  static const void* first(Tables... tables) {
    const void* found = nullptr;
    ((found = found != nullptr ? found : tables), ...);
    return found;
  }

  static const void* vendors_own(std::string_view id) {
    if constexpr (requires { P::find_interface(id); }) return P::find_interface(id);
    return nullptr;
  }

  // A newer host is never a reason to refuse; a host that lacks what we need is told what.
  static void require_services(const fh_host& host) {
    if (host.abi_major != FH_ABI_MAJOR) {
      fail(FH_E_HOST_TOO_OLD, "the host speaks ABI major %u, this plugin %u", host.abi_major,
           FH_ABI_MAJOR);
    }
    if (host.emit == nullptr) fail(FH_E_HOST_TOO_OLD, "the host has no 'emit'");
  }
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
