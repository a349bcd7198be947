// SPDX-License-Identifier: Apache-2.0
#include "loop/turn_watch.hh"

#include <algorithm>

namespace farmhand {

TurnWatch::TurnWatch(Loop& loop) : body_(new Body) {
  uv_loop_configure(&loop.uv(), UV_METRICS_IDLE_TIME);
  uv_prepare_init(&loop.uv(), &body_->uv);
  body_->uv.data = body_.get();
  body_->at_ns = uv_hrtime();
  uv_prepare_start(&body_->uv,
                   [](uv_prepare_t* handle) { look(*static_cast<Body*>(handle->data)); });
  uv_unref(reinterpret_cast<uv_handle_t*>(&body_->uv));
}

// Runs once a turn, before the loop sleeps. What was not sleep since the last time is the turn.
void TurnWatch::look(Body& body) {
  const uint64_t now_ns = uv_hrtime();
  const uint64_t idle_ns = uv_metrics_idle_time(body.uv.loop);
  const uint64_t passed_ns = now_ns - body.at_ns;
  const uint64_t turn_ns = passed_ns - std::min(passed_ns, idle_ns - body.idle_ns);
  body.at_ns = now_ns;
  body.idle_ns = idle_ns;
  const uint64_t minute = now_ns / kMinuteNs;
  if (minute != body.minute) {
    body.longest_ns[1] = minute == body.minute + 1 ? body.longest_ns[0] : 0;
    body.longest_ns[0] = 0;
    body.minute = minute;
  }
  body.longest_ns[0] = std::max(body.longest_ns[0], turn_ns);
  if (turn_ns > kLongNs) ++body.long_turns;
}

uint64_t TurnWatch::longest_ns() const {
  return std::max(body_->longest_ns[0], body_->longest_ns[1]);
}

}  // namespace farmhand
