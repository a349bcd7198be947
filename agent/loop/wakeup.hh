// SPDX-License-Identifier: Apache-2.0
// Wakes the loop: from another thread (Wakeup), or on a UNIX signal (SignalWatch).
#pragma once

#include <functional>

#include "loop/handle.hh"
#include "loop/loop.hh"

namespace farmhand {

// `notify` may be called from any thread, any number of times; `on_wake` runs on the loop at least
// once after the last of them.
class Wakeup {
 public:
  Wakeup(Loop& loop, std::function<void()> on_wake);
  void notify();
  void unref();  // does not keep `run` from returning
  void ref();

 private:
  struct Body {
    uv_async_t uv;
    std::function<void()> callback;
  };
  Handle<Body> body_;
};

class SignalWatch {
 public:
  SignalWatch(Loop& loop, int signum, std::function<void()> on_signal);
  void unref();

 private:
  struct Body {
    uv_signal_t uv;
    std::function<void()> callback;
  };
  Handle<Body> body_;
};

}  // namespace farmhand
