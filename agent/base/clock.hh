// SPDX-License-Identifier: Apache-2.0
// "Now" is asked from a Clock, so that a test can move it. Order, deadlines and rates use
// boottime; the wall clock is only ever shown or attached.
#pragma once

#include <cstdint>
#include <string>

namespace farmhand {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual uint64_t boottime_ns() const = 0;  // CLOCK_BOOTTIME: monotonic, counts suspend
  virtual int64_t realtime_ns() const = 0;   // CLOCK_REALTIME: may jump either way
};

class SystemClock final : public Clock {
 public:
  uint64_t boottime_ns() const override;
  int64_t realtime_ns() const override;
};

class ManualClock final : public Clock {
 public:
  uint64_t boottime_ns() const override { return boottime_ns_; }
  int64_t realtime_ns() const override { return realtime_ns_; }
  void advance_ns(uint64_t ns) {
    boottime_ns_ += ns;
    realtime_ns_ += static_cast<int64_t>(ns);
  }
  void jump_realtime_ns(int64_t by_ns) { realtime_ns_ += by_ns; }

 private:
  uint64_t boottime_ns_ = 1'000'000'000;
  int64_t realtime_ns_ = 1'700'000'000'000'000'000;
};

// The kernel's random id of this boot, as text; empty where /proc is not mounted.
std::string read_boot_id();

// True while the kernel says that the wall clock is synchronised (adjtimex).
bool wall_clock_synchronised();

// RFC 3339 in UTC with milliseconds: 2026-01-31T12:00:00.000Z.
std::string rfc3339_from_realtime(int64_t realtime_ns);

}  // namespace farmhand
