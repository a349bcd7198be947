// SPDX-License-Identifier: Apache-2.0
// Utilisation of one core from its cycle counters, between two looks.
#pragma once

#include <farmhand/reading.hh>

namespace farmhand::furiosa {

// Which source a pair of counters is from; a difference across two sources means nothing.
enum class CounterSource : uint8_t { kNone, kKernel, kLibrary };

struct CoreCounters {
  int32_t status = FH_SAMPLE_UNKNOWN;
  CounterSource source = CounterSource::kNone;
  uint64_t all = 0;               // cycles
  uint64_t busy = 0;              // cycles that executed a task
  bool busy_wraps_at_32 = false;  // Warboy's is a 32-bit register beside a 64-bit one

  bool ok() const { return status == FH_SAMPLE_OK; }
};

// 100 × Δbusy / Δall. Never the ratio of the lifetime totals, never 0 for "no difference": the
// first look, counters that went back (the device restarted) and counters that stood still give
// `unknown`; a core busier than its clock gives `error`.
class CycleMeter {
 public:
  // A window below this would read as noise at 100 Hz; until it is full, the last value is given.
  static constexpr uint64_t kWindowNs = 100'000'000;

  Reading look(const CoreCounters& now, uint64_t now_ns);
  uint64_t value_ns() const { return value_ns_; }  // when the last value was made

 private:
  Reading restart(const CoreCounters& now, uint64_t now_ns, int32_t status);

  CoreCounters last_;
  uint64_t last_ns_ = 0;
  uint64_t value_ns_ = 0;
  Reading value_;
};

}  // namespace farmhand::furiosa
