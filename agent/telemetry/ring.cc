// SPDX-License-Identifier: Apache-2.0
#include "telemetry/ring.hh"

#include <algorithm>
#include <cmath>
#include <limits>

namespace farmhand {

namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();
constexpr uint64_t kNsPerSecond = 1'000'000'000;

}  // namespace

Ring::Ring() {
  seconds_.fill(kAbsent);
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  periods_.fill({kNone, kNone, kNone});
}

void Ring::put(uint64_t boottime_ns, double value) {
  const uint64_t second = boottime_ns / kNsPerSecond;
  if (second != second_) {
    if (second < second_) return;
    advance_to(second);
  }
  seconds_[second % kSecondCount] = value;
  if (count_ == 0) {
    min_ = max_ = value;
  } else {
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }
  sum_ += value;
  ++count_;
}

// What lies between the newest second and this one had no readings: it is wiped.
void Ring::advance_to(uint64_t second) {
  const uint64_t skipped = std::min<uint64_t>(second - second_, kSecondCount);
  for (uint64_t back = 0; back < skipped; ++back) {
    seconds_[(second - back) % kSecondCount] = kAbsent;
  }
  const uint64_t period = second / kPeriodSeconds;
  const uint64_t before = second_ / kPeriodSeconds;
  if (period != before) {
    close_period();
    const uint64_t empty = std::min<uint64_t>(period - before, kPeriodCount);
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
    for (uint64_t back = 0; back < empty; ++back) {
      periods_[(period - back) % kPeriodCount] = {kNone, kNone, kNone};
    }
  }
  second_ = second;
}

void Ring::close_period() {
  if (count_ == 0) return;
  periods_[second_ / kPeriodSeconds % kPeriodCount] = {
      static_cast<float>(min_), static_cast<float>(sum_ / static_cast<double>(count_)),
      static_cast<float>(max_)};
  sum_ = 0;
  count_ = 0;
}

std::vector<Ring::Point> Ring::seconds(uint64_t now_ns) const {
  std::vector<Point> points;
  const uint64_t now = now_ns / kNsPerSecond;
  const uint64_t first = second_ - std::min<uint64_t>(second_, kSecondCount - 1);
  for (uint64_t second = first; second_ != 0 && second <= second_; ++second) {
    const double value = seconds_[second % kSecondCount];
    if (std::isnan(value) || second + kSecondCount <= now) continue;
    points.push_back({second * kNsPerSecond, value});
  }
  return points;
}

std::vector<Ring::Period> Ring::periods(uint64_t now_ns) const {
  std::vector<Period> out;
  const uint64_t now = now_ns / kNsPerSecond / kPeriodSeconds;
  const uint64_t last = second_ / kPeriodSeconds;
  const uint64_t first = last - std::min<uint64_t>(last, kPeriodCount - 1);
  const auto begin_ns = [](uint64_t period) { return period * kPeriodSeconds * kNsPerSecond; };
  for (uint64_t period = first; period < last; ++period) {
    const Stored& stored = periods_[period % kPeriodCount];
    if (std::isnan(stored.mean) || period + kPeriodCount <= now) continue;
    out.push_back({begin_ns(period), stored.min, stored.mean, stored.max});
  }
  if (count_ != 0 && last + kPeriodCount > now) {
    out.push_back({begin_ns(last), min_, sum_ / static_cast<double>(count_), max_});
  }
  return out;
}

}  // namespace farmhand
