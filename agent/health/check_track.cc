// SPDX-License-Identifier: Apache-2.0
#include "health/check_track.hh"

#include <utility>

#include "health/reason.hh"

namespace farmhand {

CheckTrack::CheckTrack(std::string check, std::string source) {
  status_.check = std::move(check);
  status_.source = std::move(source);
  status_.sentence = "not looked at yet";
}

CheckTrack CheckTrack::restored(CheckStatus status) {
  CheckTrack track(status.check, status.source);
  status.last_ns = 0;
  status.flapping = false;
  track.raw_ = status.verdict;
  track.status_ = std::move(status);
  track.known_ = true;
  return track;
}

Verdict CheckTrack::shown_verdict() const {
  return fresh() || status_.verdict == Verdict::kFail ? status_.verdict : Verdict::kUnknown;
}

CheckStatus CheckTrack::shown() const {
  CheckStatus shown = status_;
  if (fresh() || status_.verdict == Verdict::kFail || !known_) return shown;
  shown.verdict = Verdict::kUnknown;
  shown.sentence = "not looked at since the agent started; before, it was " +
                   std::string(name_of(status_.verdict));
  shown.reason = "reading.failed";
  shown.action = "Wait for the next look.";
  return shown;
}

std::optional<CheckTrack::Change> CheckTrack::take(const Finding& finding, Trust trust, Now now) {
  note_raw(finding, now);
  status_.last_ns = now.boottime_ns;
  if (status_.flapping) {
    last_ = finding;
    return std::nullopt;
  }
  if (!known_ && finding.verdict == Verdict::kOk) {
    known_ = true;
    adopt(finding, now.boottime_ns, now);
    return std::nullopt;
  }
  if (known_ && settled(finding)) {
    candidate_.reset();
    if (status_.sentence != finding.sentence) {
      status_.sentence = finding.sentence;
      status_.evidence = finding.evidence;
    }
    return flaps_now(now) ? std::optional(begin_flapping(now)) : std::nullopt;
  }
  const bool goes_on = candidate_ && (candidate_->finding.verdict == finding.verdict ||
                                      (is_worse(candidate_->finding.verdict, status_.verdict) &&
                                       is_worse(finding.verdict, status_.verdict)));
  if (!goes_on) {
    candidate_ = Candidate{finding, now.boottime_ns, 1};
  } else {
    ++candidate_->count;
    // Two that disagree on how bad it is agree on the lesser.
    if (!is_worse(finding.verdict, candidate_->finding.verdict)) candidate_->finding = finding;
  }
  if (trust == Trust::kAtOnce) candidate_->finding = finding;
  if (flaps_now(now)) return begin_flapping(now);
  if (!counts(*candidate_, trust, now)) return std::nullopt;
  return accept(now);
}

bool CheckTrack::settled(const Finding& finding) const {
  return finding.verdict == status_.verdict &&
         (finding.verdict == Verdict::kOk || finding.reason == status_.reason);
}

bool CheckTrack::counts(const Candidate& candidate, Trust trust, Now now) const {
  const Finding& finding = candidate.finding;
  const bool ill = finding.verdict == Verdict::kFail || finding.verdict == Verdict::kUnknown;
  if (trust == Trust::kAtOnce || (ill && counts_at_once(finding.reason))) return true;
  if (candidate.count < kConfirm) return false;
  const bool better = is_worse(status_.verdict, finding.verdict);
  if (!better || status_.verdict == Verdict::kUnknown) return true;
  return now.boottime_ns - candidate.since_ns >= kRecoverNs;
}

void CheckTrack::note_raw(const Finding& finding, Now now) {
  if (finding.verdict != Verdict::kOk && (!worst_ || !is_worse(worst_->verdict, finding.verdict))) {
    worst_ = finding;
  }
  if (finding.verdict == raw_) return;
  const bool first = status_.last_ns == 0 && !known_;
  raw_ = finding.verdict;
  raw_changed_ns_ = now.boottime_ns;
  if (first) return;
  raw_times_[raw_count_++ % kFlapRawChanges] = now.boottime_ns;
  if (status_.flapping) ++unsaid_;
}

bool CheckTrack::flaps_now(Now now) const {
  if (raw_count_ < kFlapRawChanges || raw_changed_ns_ != now.boottime_ns) return false;
  return now.boottime_ns - raw_times_[raw_count_ % kFlapRawChanges] <= kFlapWindowNs;
}

CheckTrack::Change CheckTrack::begin_flapping(Now now) {
  const Verdict from = status_.verdict;
  if (candidate_) last_ = candidate_->finding;
  if (!last_)
    last_ = Finding{status_.check,  status_.verdict,  status_.reason, status_.sentence,
                    status_.action, status_.evidence, now.boottime_ns};
  last_->verdict = raw_;
  if (worst_) adopt(*worst_, now.boottime_ns, now);
  candidate_.reset();
  status_.flapping = true;
  unsaid_ = 0;
  ++status_.changes;
  const bool raw = raw_count_ >= kFlapRawChanges;
  return {from, raw ? kFlapRawChanges : kFlapChanges};
}

void CheckTrack::adopt(const Finding& finding, uint64_t since_ns, Now now) {
  status_.verdict = finding.verdict;
  status_.reason = finding.reason;
  status_.sentence = finding.sentence;
  status_.action =
      finding.action.empty() ? std::string(action_of_reason(finding.reason)) : finding.action;
  status_.evidence = finding.evidence;
  status_.since_ns = since_ns;
  status_.since_realtime_ns = now.realtime_ns - static_cast<int64_t>(now.boottime_ns - since_ns);
  known_ = true;
}

std::optional<CheckTrack::Change> CheckTrack::accept(Now now) {
  const Verdict from = status_.verdict;
  const Candidate taken = *std::exchange(candidate_, std::nullopt);
  times_[count_++ % kFlapChanges] = now.boottime_ns;
  const bool flaps =
      count_ >= kFlapChanges && now.boottime_ns - times_[count_ % kFlapChanges] <= kFlapWindowNs;
  if (flaps) {
    candidate_ = taken;
    return begin_flapping(now);
  }
  adopt(taken.finding, taken.since_ns, now);
  ++status_.changes;
  if (taken.finding.verdict == Verdict::kOk) worst_.reset();
  return Change{from, 1};
}

std::optional<CheckTrack::Change> CheckTrack::tick(Now now) {
  if (!status_.flapping || now.boottime_ns - raw_changed_ns_ < kCalmNs) return std::nullopt;
  const Verdict from = status_.verdict;
  const uint32_t unsaid = std::exchange(unsaid_, 0);
  status_.flapping = false;
  adopt(*std::exchange(last_, std::nullopt), raw_changed_ns_, now);
  count_ = raw_count_ = 0;
  times_ = {};
  raw_times_ = {};
  if (status_.verdict == Verdict::kOk) worst_.reset();
  ++status_.changes;
  return Change{from, unsaid + 1};
}

}  // namespace farmhand
