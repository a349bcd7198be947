// SPDX-License-Identifier: Apache-2.0
#include "loop/timer.hh"

#include <utility>

namespace farmhand {

Timer::Timer(Loop& loop) : body_(new Body) {
  uv_timer_init(&loop.uv(), &body_->uv);
  body_->uv.data = body_.get();
}

void Timer::start(uint64_t delay_ms, uint64_t period_ms, std::function<void()> callback) {
  body_->callback = std::move(callback);
  uv_timer_start(
      &body_->uv,
      [](uv_timer_t* timer) {
        // A copy runs: the callback may set this timer anew, which replaces the stored one.
        const auto callback = static_cast<Body*>(timer->data)->callback;
        callback();
      },
      delay_ms, period_ms);
}

void Timer::once(uint64_t delay_ms, std::function<void()> then) {
  start(delay_ms, 0, std::move(then));
}

void Timer::every(uint64_t period_ms, std::function<void()> tick) {
  start(period_ms, period_ms, std::move(tick));
}

void Timer::stop() {
  uv_timer_stop(&body_->uv);
}

bool Timer::active() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(&body_->uv)) != 0;
}

void Timer::unref() {
  uv_unref(reinterpret_cast<uv_handle_t*>(&body_->uv));
}

}  // namespace farmhand
