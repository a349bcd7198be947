// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hh"

#include <time.h>

#include <array>
#include <cstdio>

namespace farmhand {

namespace {

int64_t read_clock_ns(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

uint64_t SystemClock::boottime_ns() const {
  return static_cast<uint64_t>(read_clock_ns(CLOCK_BOOTTIME));
}

int64_t SystemClock::realtime_ns() const {
  return read_clock_ns(CLOCK_REALTIME);
}

std::string rfc3339_from_realtime(int64_t realtime_ns) {
  int64_t seconds = realtime_ns / 1'000'000'000;
  int64_t rest_ns = realtime_ns % 1'000'000'000;
  if (rest_ns < 0) {
    --seconds;
    rest_ns += 1'000'000'000;
  }
  const time_t when = static_cast<time_t>(seconds);
  tm utc{};
  gmtime_r(&when, &utc);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>(rest_ns / 1'000'000));
  return text.data();
}

}  // namespace farmhand
