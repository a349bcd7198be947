// SPDX-License-Identifier: Apache-2.0
// A Loop of virtual time. virtual_loop.cc stands in for the part of libuv that loop/ uses for
// timers and wake-ups; when nothing is due, time moves on to what is due next. Everything above is
// the product's own code, and hours pass in milliseconds.
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.hh"
#include "loop/loop.hh"

namespace farmhand::simulation {

uint64_t now_ns(Loop& loop);  // since the loop's birth

// Runs `then` at that time, after what was asked for the same time before.
void at_ns(Loop& loop, uint64_t when_ns, std::function<void()> then);
inline void after_ns(Loop& loop, uint64_t delay_ns, std::function<void()> then) {
  at_ns(loop, now_ns(loop) + delay_ns, std::move(then));
}

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kHour = 3600 * kSecond;
constexpr int64_t kTenYears = 10ll * 365 * 24 * 3600 * 1'000'000'000;

// A machine's two clocks: boottime begins anew at a boot, the wall clock jumps at will.
class MachineClock final : public Clock {
 public:
  explicit MachineClock(Loop& loop) : loop_(loop), booted_ns_(now_ns(loop)) {}
  uint64_t boottime_ns() const override { return now_ns(loop_) - booted_ns_ + 20 * kSecond; }
  int64_t realtime_ns() const override {
    return 1'700'000'000'000'000'000 + static_cast<int64_t>(now_ns(loop_)) + wall_offset_ns_;
  }
  void reboot() { booted_ns_ = now_ns(loop_); }
  void jump_wall(int64_t by_ns) { wall_offset_ns_ += by_ns; }

 private:
  Loop& loop_;
  uint64_t booted_ns_;
  int64_t wall_offset_ns_ = 0;
};

}  // namespace farmhand::simulation
