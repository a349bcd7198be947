// SPDX-License-Identifier: Apache-2.0
// The last hour of one series in a fixed 4.9 kB: the last reading of each of the last 60 seconds,
// and {min, mean, max} of each of the last 360 periods of ten seconds. Made whole and written to at
// birth, so that memory does not grow later. Seconds and periods without a reading are absent,
// never zero. Of readings faster than 1 Hz the seconds keep the last one, the periods all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace farmhand {

class Ring {
 public:
  static constexpr size_t kSecondCount = 60;
  static constexpr size_t kPeriodCount = 360;
  static constexpr uint64_t kPeriodSeconds = 10;

  struct Point {
    uint64_t boottime_ns;  // the beginning of the second
    double value;
  };
  struct Period {
    uint64_t boottime_ns;  // its beginning
    double min;
    double mean;
    double max;
  };

  Ring();
  // Readings older than the newest second are passed over: order is the source's duty.
  void put(uint64_t boottime_ns, double value);

  // Oldest first, none older than a minute or an hour before `now_ns`.
  std::vector<Point> seconds(uint64_t now_ns) const;
  // The period still running is the last one.
  std::vector<Period> periods(uint64_t now_ns) const;

 private:
  struct Stored {
    float min, mean, max;
  };
  void advance_to(uint64_t second);
  void close_period();

  uint64_t second_ = 0;  // the newest one; 0: nothing yet
  double sum_ = 0;       // of the period still running
  double min_ = 0;
  double max_ = 0;
  uint64_t count_ = 0;
  std::array<double, kSecondCount> seconds_;
  std::array<Stored, kPeriodCount> periods_;
};

}  // namespace farmhand
