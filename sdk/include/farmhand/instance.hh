// SPDX-License-Identifier: Apache-2.0
// What stands behind a plugin's `self`, and the way from a C call to a method of the plugin's
// class.
#pragma once

#include "farmhand/call.hh"
#include "farmhand/settings.hh"

namespace farmhand {

template <class P>
struct Instance {
  Instance(const fh_host* given, const fh_config* config)
      : host(given), plugin(host, Settings(config)) {}
  Host host;
  P plugin;

  static Instance& of(void* self) { return *static_cast<Instance*>(self); }
};

// Runs `body(plugin, call)`; what it throws becomes a status, and its text goes where the call
// says.
template <class P, class Body>
int32_t in_call(void* self, const fh_call* given, Body body) noexcept {
  Call call(Instance<P>::of(self).host, given);
  return guarded(call.err(), [&] { return body(Instance<P>::of(self).plugin, call); });
}

}  // namespace farmhand
