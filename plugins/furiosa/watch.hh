// SPDX-License-Identifier: Apache-2.0
// What has to be seen twice: a counter that rises, a heartbeat that stops.
#pragma once

#include <farmhand/watch.hh>

namespace farmhand::furiosa {

// A count of faults since the driver's start. What counts is that it rises while we look; what was
// there before says when it happened to nobody.
class RiseWatch {
 public:
  // A rise is a moment; the verdict stays for so long, so that no look misses it.
  static constexpr uint64_t kHoldNs = 60'000'000'000;

  enum class Trend : uint8_t {
    kQuiet,
    kRising,
    kWentBack,  // the driver or card restarted: whether it rose in between is not known
  };

  Trend look(double count, uint64_t now_ns) {
    const Growth::State state = growth_.look(good(count));
    if (state == Growth::State::kBack) return Trend::kWentBack;
    if (state == Growth::State::kGrown) rose_ns_ = now_ns;
    const bool held = rose_ns_ && now_ns - *rose_ns_ < kHoldNs;
    return held ? Trend::kRising : Trend::kQuiet;
  }

 private:
  Growth growth_;
  std::optional<uint64_t> rose_ns_;
};

// A heartbeat that stands still may never have been offered; one that moved and stopped is a fault.
// (The SDK's Heartbeat takes the first for a fault too.)
class HeartbeatWatch {
 public:
  enum class Pulse : uint8_t { kNotSeenMoving, kMoving, kStopped };

  Pulse look(double beats, uint64_t now_ns, uint64_t patience_ns) {
    if (last_ && beats != *last_) moved_ns_ = now_ns;
    last_ = beats;
    if (!moved_ns_) return Pulse::kNotSeenMoving;
    return now_ns - *moved_ns_ < patience_ns ? Pulse::kMoving : Pulse::kStopped;
  }

 private:
  std::optional<double> last_;
  std::optional<uint64_t> moved_ns_;
};

}  // namespace farmhand::furiosa
