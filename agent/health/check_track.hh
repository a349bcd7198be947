// SPDX-License-Identifier: Apache-2.0
// One check of one subject over time: which finding counts, and which is only a spike. Pure; the
// time is an argument.
//
// A worse finding counts when the next one agrees, at once where its reason allows no doubt. A
// better one counts when it stays. The third change within ten minutes is flapping: it is told once
// with its count, the worst that was seen stands, and after five calm minutes one more change tells
// how many there were.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "health/status.hh"

namespace farmhand {

struct Now {
  uint64_t boottime_ns = 0;
  int64_t realtime_ns = 0;
};

class CheckTrack {
 public:
  static constexpr uint64_t kSecond = 1'000'000'000;
  static constexpr uint32_t kConfirm = 2;  // findings in a row
  static constexpr uint64_t kRecoverNs = 30 * kSecond;
  static constexpr uint64_t kFlapWindowNs = 600 * kSecond;
  static constexpr uint64_t kCalmNs = 300 * kSecond;
  static constexpr uint32_t kFlapChanges = 3;     // that counted
  static constexpr uint32_t kFlapRawChanges = 8;  // with those that did not

  struct Change {
    Verdict from = Verdict::kUnknown;
    uint32_t count = 1;
  };
  enum class Trust : uint8_t { kConfirm, kAtOnce };

  CheckTrack(std::string check, std::string source);
  // As state.db remembers it: no news until a finding disagrees.
  static CheckTrack restored(CheckStatus status);

  // What counts changed, or nothing did; status() is the new state already.
  std::optional<Change> take(const Finding& finding, Trust trust, Now now);
  std::optional<Change> tick(Now now);  // the end of flapping

  // What is known and lasts; a restored one may rest on an earlier life.
  const CheckStatus& status() const { return status_; }
  // What people may believe: what was well in an earlier life is unknown until somebody looks.
  CheckStatus shown() const;
  Verdict shown_verdict() const;
  bool fresh() const { return status_.last_ns != 0; }
  bool known() const { return known_; }
  bool restless() const { return status_.flapping; }  // needs tick

 private:
  struct Candidate {
    Finding finding;
    uint64_t since_ns = 0;
    uint32_t count = 0;
  };
  bool settled(const Finding& finding) const;
  bool counts(const Candidate& candidate, Trust trust, Now now) const;
  void note_raw(const Finding& finding, Now now);
  void adopt(const Finding& finding, uint64_t since_ns, Now now);
  bool flaps_now(Now now) const;
  Change begin_flapping(Now now);
  std::optional<Change> accept(Now now);

  CheckStatus status_;
  bool known_ = false;
  std::optional<Candidate> candidate_;
  std::optional<Finding> worst_;  // lately; kept while something is not well
  Verdict raw_ = Verdict::kUnknown;
  uint64_t raw_changed_ns_ = 0;
  std::array<uint64_t, kFlapRawChanges> raw_times_{};
  std::array<uint64_t, kFlapChanges> times_{};
  uint32_t raw_count_ = 0;
  uint32_t count_ = 0;
  uint32_t unsaid_ = 0;          // changes while flapping
  std::optional<Finding> last_;  // while flapping: what holds once it is calm
};

}  // namespace farmhand
