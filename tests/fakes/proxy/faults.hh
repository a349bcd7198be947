// SPDX-License-Identifier: Apache-2.0
// Which faults are on, and dice for them. Every draw comes from one seed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hh"

namespace farmhand::proxy {

// `up` is from the node to the coordinator. A number is a chance from 0 to 1, except where it says
// milliseconds.
enum class Fault : uint8_t {
  kUpDrop,
  kUpDelayMs,
  kUpDuplicate,
  kUpReorder,   // the message arrives after those of the next 200 ms
  kUpTruncate,  // its end is missing
  kUpCut,       // the connection ends while it is on its way
  kDownDrop,
  kDownDelayMs,
  kDownDuplicate,
  kDownReorder,
  kDownTruncate,
  kDownCut,
  kSwallow,             // sessions are accepted, and nothing ever comes back
  kSegmentsDuplicate,   // each segment of a batch twice
  kSegmentsReorder,     // a batch's segments in another order
  kReplay,              // an old batch again, together with the new one
  kAckOtherLane,        // acknowledgements say something else than the coordinator said
  kAckBeyond,           // … a sequence number that was never sent
  kAckInside,           // … one within the batch
  kAckOtherChain,       // … the right number with another chain
  kAckOtherEpoch,       // … the right number of another epoch
  kAckStale,            // an old one comes before the right one
  kAckEarly,            // before the batch goes on to the coordinator, 300 ms later
  kAckWithoutApplying,  // and it never goes on
  kNack,                // a record of the batch is refused; the batch does not go on
  kPoison,              // one record of the batch is refused until it is a gap: five times
  kWelcomeOtherChain,   // the welcome tells of another history
};
inline constexpr size_t kFaultCount = 27;

std::string_view name_of(Fault fault);  // `up_drop`

class Faults {
 public:
  explicit Faults(uint64_t seed) : random_(seed) {}

  // Replaces all of them: names with their numbers, as in `up_drop=0.05`.
  Result<void> set(const std::vector<std::pair<std::string, std::string>>& named);

  bool happens(Fault fault);  // draws, and counts what happened
  uint64_t ms(Fault fault) const { return static_cast<uint64_t>(chances_[index(fault)]); }
  void count(Fault fault) { ++counts_[index(fault)]; }
  uint64_t below(uint64_t limit);  // a number from 0 to limit - 1
  std::string json() const;        // how often each happened so far

 private:
  static size_t index(Fault fault) { return static_cast<size_t>(fault); }

  std::mt19937_64 random_;
  std::array<double, kFaultCount> chances_{};
  std::array<uint64_t, kFaultCount> counts_{};
};

}  // namespace farmhand::proxy
