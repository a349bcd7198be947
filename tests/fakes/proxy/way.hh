// SPDX-License-Identifier: Apache-2.0
// One direction of a session: messages wait here until their time has come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/clock.hh"
#include "loop/timer.hh"

namespace farmhand::proxy {

class Way {
 public:
  Way(Loop& loop, const Clock& clock, std::function<void(std::string)> deliver)
      : clock_(clock), deliver_(std::move(deliver)), timer_(loop) {}

  // In order, whatever the delays.
  void add(std::string message, uint64_t delay_ms) {
    last_due_ms_ = std::max(last_due_ms_, now_ms() + delay_ms);
    put(last_due_ms_, std::move(message));
  }
  // Later than what comes after it.
  void add_late(std::string message, uint64_t delay_ms) {
    put(now_ms() + delay_ms, std::move(message));
  }
  void deliver_all() {
    while (!waiting_.empty()) deliver_(take_first());
  }

 private:
  uint64_t now_ms() const { return clock_.boottime_ns() / 1'000'000; }

  void put(uint64_t due_ms, std::string message) {
    waiting_.emplace(due_ms, std::move(message));
    wait();
  }
  void wait() {
    if (waiting_.empty()) return;
    const uint64_t due_ms = waiting_.begin()->first;
    timer_.once(due_ms - std::min(due_ms, now_ms()), [this] {
      while (!waiting_.empty() && waiting_.begin()->first <= now_ms()) deliver_(take_first());
      wait();
    });
  }
  std::string take_first() {
    std::string message = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    return message;
  }

  const Clock& clock_;
  std::function<void(std::string)> deliver_;
  std::multimap<uint64_t, std::string> waiting_;  // by the millisecond that it is due
  uint64_t last_due_ms_ = 0;
  Timer timer_;
};

}  // namespace farmhand::proxy
