// SPDX-License-Identifier: Apache-2.0
// Ticks until destroyed or stopped, even from its own callback.
#pragma once

#include <cstdint>
#include <functional>

#include "loop/handle.hh"
#include "loop/loop.hh"

namespace farmhand {

class Timer {
 public:
  explicit Timer(Loop& loop);

  void once(uint64_t delay_ms, std::function<void()> then);
  void every(uint64_t period_ms, std::function<void()> tick);  // first tick after one period
  void stop();
  bool active() const;

  // A timer that does not keep `run` from returning.
  void unref();

 private:
  struct Body {
    uv_timer_t uv;
    std::function<void()> callback;
  };
  void start(uint64_t delay_ms, uint64_t period_ms, std::function<void()> callback);

  Handle<Body> body_;
};

}  // namespace farmhand
