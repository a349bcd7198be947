// SPDX-License-Identifier: Apache-2.0
#include "loop/wakeup.hh"

#include <cstdlib>
#include <utility>

namespace farmhand {

Wakeup::Wakeup(Loop& loop, std::function<void()> on_wake)
    : body_(new Body{.uv = {}, .callback = std::move(on_wake)}) {
  const auto wake = [](uv_async_t* async) { static_cast<Body*>(async->data)->callback(); };
  if (uv_async_init(&loop.uv(), &body_->uv, wake) != 0)
    std::abort();  // no descriptor left at birth
  body_->uv.data = body_.get();
}

void Wakeup::notify() {
  uv_async_send(&body_->uv);
}
void Wakeup::unref() {
  uv_unref(reinterpret_cast<uv_handle_t*>(&body_->uv));
}
void Wakeup::ref() {
  uv_ref(reinterpret_cast<uv_handle_t*>(&body_->uv));
}

SignalWatch::SignalWatch(Loop& loop, int signum, std::function<void()> on_signal)
    : body_(new Body{.uv = {}, .callback = std::move(on_signal)}) {
  uv_signal_init(&loop.uv(), &body_->uv);
  body_->uv.data = body_.get();
  uv_signal_start(
      &body_->uv, [](uv_signal_t* signal, int) { static_cast<Body*>(signal->data)->callback(); },
      signum);
}

void SignalWatch::unref() {
  uv_unref(reinterpret_cast<uv_handle_t*>(&body_->uv));
}

}  // namespace farmhand
