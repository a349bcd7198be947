// SPDX-License-Identifier: Apache-2.0
#include "cycles.hh"

namespace farmhand::furiosa {

namespace {

// The two counters of a core are not read in one moment.
constexpr double kSkewPercent = 2;
constexpr uint64_t kLap = uint64_t{1} << 32;

}  // namespace

Reading CycleMeter::restart(const CoreCounters& now, uint64_t now_ns, int32_t status) {
  last_ = now;
  last_ns_ = now_ns;
  value_ = no_reading(status);
  value_ns_ = now_ns;
  return value_;
}

Reading CycleMeter::look(const CoreCounters& now, uint64_t now_ns) {
  if (!now.ok()) return restart({}, now_ns, now.status);
  if (last_.source != now.source) return restart(now, now_ns, FH_SAMPLE_UNKNOWN);
  if (now_ns - last_ns_ < kWindowNs) return value_;
  if (now.all < last_.all) return restart(now, now_ns, FH_SAMPLE_UNKNOWN);
  const uint64_t all = now.all - last_.all;
  // More than one lap of the 32 bits cannot be told from one.
  const bool lapped = now.busy_wraps_at_32 && all >= kLap;
  const bool went_back = !now.busy_wraps_at_32 && now.busy < last_.busy;
  if (all == 0 || lapped || went_back) return restart(now, now_ns, FH_SAMPLE_UNKNOWN);
  const uint64_t busy = now.busy - last_.busy + (now.busy < last_.busy ? kLap : 0);
  const double percent = 100.0 * static_cast<double>(busy) / static_cast<double>(all);
  if (percent > 100 + kSkewPercent) return restart(now, now_ns, FH_SAMPLE_ERROR);
  last_ = now;
  last_ns_ = now_ns;
  value_ns_ = now_ns;
  return value_ = good(std::min(percent, 100.0));
}

}  // namespace farmhand::furiosa
