// SPDX-License-Identifier: Apache-2.0
// What must be seen twice to say anything: growth, movement, busy time. One object per device and
// counter, used by one call at a time.
#pragma once

#include <deque>
#include <optional>

#include "farmhand/reading.hh"

namespace farmhand {

// A counter that should stand still.
class Growth {
 public:
  enum class State { kUnread, kSame, kGrown, kBack };

  // The first look is the base: what happened before belongs to somebody else's watch.
  State look(const Reading& now) {
    if (!now.ok()) return State::kUnread;
    const double before = last_.value_or(now.value);
    grown_ = now.value - before;
    last_ = now.value;
    if (grown_ < 0) return State::kBack;
    ever_ = ever_ || grown_ > 0;
    return grown_ > 0 ? State::kGrown : State::kSame;
  }
  double grown() const { return grown_; }
  double last() const { return last_.value_or(0); }
  bool ever_grown() const { return ever_; }

 private:
  std::optional<double> last_;
  double grown_ = 0;
  bool ever_ = false;
};

// A counter of which little is normal and much is not, such as corrected errors: how far it went
// within a window that ends now.
class Burst {
 public:
  explicit Burst(uint64_t window_ns) : window_ns_(window_ns) {}

  // The first look is the base. A counter that went back is a new base: its device began anew.
  double look(const Reading& now, uint64_t time_ns = boottime_ns()) {
    back_ = now.ok() && now.value < last_.value_or(now.value);
    if (now.ok()) {
      const double grown = now.value - last_.value_or(now.value);
      last_ = now.value;
      if (grown > 0) add(grown, time_ns);
    }
    while (!steps_.empty() && time_ns - steps_.front().time_ns >= window_ns_) steps_.pop_front();
    double sum = 0;
    for (const Step& each : steps_) sum += each.grown;
    return sum;
  }
  // In the last look.
  bool went_back() const { return back_; }

 private:
  struct Step {
    uint64_t time_ns;
    double grown;
  };

  // However often it is looked at, 64 steps are kept.
  void add(double grown, uint64_t time_ns) {
    const bool near = !steps_.empty() && time_ns - steps_.back().time_ns < window_ns_ / 64;
    if (near) steps_.back().grown += grown;
    if (!near) steps_.push_back({time_ns, grown});
  }

  uint64_t window_ns_;
  std::optional<double> last_;
  bool back_ = false;
  std::deque<Step> steps_;
};

// A counter that should move.
class Heartbeat {
 public:
  enum class State { kUnknown, kMoving, kStopped };

  State look(const Reading& now, uint64_t time_ns = boottime_ns()) {
    if (!now.ok()) return State::kUnknown;
    if (!value_ || *value_ != now.value) {
      seen_moving_ = value_.has_value();
      value_ = now.value;
      since_ns_ = time_ns;
    }
    if (time_ns - since_ns_ >= kPatienceNs) return State::kStopped;
    return seen_moving_ ? State::kMoving : State::kUnknown;
  }

 private:
  // Firmware counts several times a second (tenstorrent/tt-kmd docs/sysfs-attributes.md gives no
  // rate).
  static constexpr uint64_t kPatienceNs = 10'000'000'000;
  std::optional<double> value_;
  uint64_t since_ns_ = 0;
  bool seen_moving_ = false;
};

// Utilization from a counter of busy time, over windows that are long enough to mean something. The
// driver asks for no more than one look a second (linux drivers/accel/ivpu/ivpu_sysfs.c).
class BusyTime {
 public:
  Reading look(const Reading& busy_ns, uint64_t now_ns = boottime_ns()) {
    if (!busy_ns.ok()) {
      base_ns_.reset();
      return busy_ns;
    }
    const double busy = busy_ns.value - base_ns_.value_or(busy_ns.value);
    const auto time = static_cast<double>(now_ns - since_ns_);
    if (base_ns_ && busy >= 0 && time < kWindowNs) return last_;
    // Nothing to compare with, or a counter that went back: no value, rather than a wrong one.
    last_ = base_ns_ && busy >= 0 ? good(std::min(100.0, 100 * busy / time)) : Reading{};
    base_ns_ = busy_ns.value;
    since_ns_ = now_ns;
    return last_;
  }

 private:
  static constexpr double kWindowNs = 5e8;
  std::optional<double> base_ns_;
  uint64_t since_ns_ = 0;
  Reading last_;
};

}  // namespace farmhand
