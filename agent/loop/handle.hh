// SPDX-License-Identifier: Apache-2.0
// Ownership of libuv handles. A handle's memory is libuv's until its close callback, so destroying
// a Handle closes it, and the close callback deletes the body: a wrapper may be destroyed inside
// its own callback. A body has a member `uv`, the handle.
#pragma once

#include <uv.h>

#include <memory>

namespace farmhand {

struct CloseThenDelete {
  template <typename Body>
  void operator()(Body* body) const {
    body->uv.data = body;
    uv_close(reinterpret_cast<uv_handle_t*>(&body->uv),
             [](uv_handle_t* handle) { delete static_cast<Body*>(handle->data); });
  }
};

template <typename Body>
using Handle = std::unique_ptr<Body, CloseThenDelete>;

}  // namespace farmhand
