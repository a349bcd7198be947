// SPDX-License-Identifier: Apache-2.0
#include "health/subject.hh"

#include <algorithm>
#include <vector>

namespace farmhand {

namespace {

Finding unknown_of(std::string_view check, std::string_view reason, std::string_view sentence) {
  Finding finding;
  finding.check = check;
  finding.verdict = Verdict::kUnknown;
  finding.reason = reason;
  finding.sentence = sentence;
  return finding;
}

}  // namespace

void Subject::restore(CheckStatus status) {
  Key key{status.source, status.check};
  since_ns_ = std::max(since_ns_, status.since_ns);
  tracks_.insert_or_assign(std::move(key), CheckTrack::restored(std::move(status)));
  const CheckTrack* worst = deciding();
  verdict_ = worst == nullptr ? Verdict::kUnknown : worst->shown_verdict();
}

CheckTrack& Subject::track_of(std::string_view source, std::string_view check) {
  const auto [at, added] =
      tracks_.try_emplace(Key{source, check}, std::string(check), std::string(source));
  return at->second;
}

void Subject::feed(CheckTrack& track, const Finding& finding, CheckTrack::Trust trust, Now now,
                   Listener& to) {
  const bool known = track.known();
  if (const auto change = track.take(finding, trust, now)) {
    to.on_change(track, *change);
  } else if (!known && track.known()) {
    to.on_known(track);
  }
}

void Subject::take(std::string_view source, std::span<const Finding> findings, Now now,
                   Listener& to) {
  for (const Finding& finding : findings) {
    feed(track_of(source, finding.check), finding, CheckTrack::Trust::kConfirm, now, to);
  }
  for (auto at = tracks_.begin(); at != tracks_.end();) {
    auto& [key, track] = *at;
    const bool told =
        key.first != source || std::any_of(findings.begin(), findings.end(),
                                           [&](const Finding& f) { return f.check == key.second; });
    const bool well_before = !track.fresh() && track.status().verdict != Verdict::kFail;
    if (!told && key.second == kCallCheck) {
      Finding answers;
      answers.check = kCallCheck;
      answers.verdict = Verdict::kOk;
      answers.sentence = "it answers";
      feed(track, answers, CheckTrack::Trust::kAtOnce, now, to);
    } else if (!told && well_before) {
      // Told in an earlier life and not in this one: the source was updated and has it no more.
      to.on_gone(track.status());
      at = tracks_.erase(at);
      continue;
    } else if (!told) {
      feed(track, unknown_of(key.second, "reading.failed", key.first + " no longer tells it"),
           CheckTrack::Trust::kConfirm, now, to);
    }
    ++at;
  }
  judge(now);
}

void Subject::take_one(std::string_view source, const Finding& finding, CheckTrack::Trust trust,
                       Now now, Listener& to) {
  feed(track_of(source, finding.check), finding, trust, now, to);
  judge(now);
}

void Subject::take_failure(std::string_view source, std::string_view reason,
                           std::string_view sentence, Now now, Listener& to) {
  bool any = false;
  for (auto& [key, track] : tracks_) {
    if (key.first != source || key.second == kCallCheck) continue;
    any = true;
    feed(track, unknown_of(key.second, reason, sentence), CheckTrack::Trust::kConfirm, now, to);
  }
  if (!any) {
    feed(track_of(source, kCallCheck), unknown_of(kCallCheck, reason, sentence),
         CheckTrack::Trust::kConfirm, now, to);
  }
  judge(now);
}

void Subject::drop(std::string_view source, std::string_view check, Listener& to) {
  for (auto at = tracks_.begin(); at != tracks_.end();) {
    const auto& [key, track] = *at;
    if (key.first == source && (check.empty() || key.second == check)) {
      to.on_gone(track.status());
      at = tracks_.erase(at);
    } else {
      ++at;
    }
  }
}

void Subject::tick(Now now, Listener& to) {
  bool changed = false;
  for (auto& [key, track] : tracks_) {
    if (!track.restless()) continue;
    if (const auto change = track.tick(now)) {
      to.on_change(track, *change);
      changed = true;
    }
  }
  if (changed) judge(now);
}

void Subject::expire_restored(Now now, Listener& to) {
  for (auto& [key, track] : tracks_) {
    if (track.fresh()) continue;
    feed(track,
         unknown_of(key.second, "reading.failed",
                    "nobody has looked since the agent started; before, it was " +
                        std::string(name_of(track.status().verdict))),
         CheckTrack::Trust::kAtOnce, now, to);
  }
  judge(now);
}

const CheckTrack* Subject::deciding() const {
  const CheckTrack* worst = nullptr;
  for (const auto& [key, track] : tracks_) {
    if (worst == nullptr || is_worse(track.shown_verdict(), worst->shown_verdict())) {
      worst = &track;
    }
  }
  return worst;
}

void Subject::judge(Now now) {
  const CheckTrack* worst = deciding();
  const Verdict verdict = worst == nullptr ? Verdict::kUnknown : worst->shown_verdict();
  if (verdict == verdict_) return;
  verdict_ = verdict;
  since_ns_ = now.boottime_ns;
}

SubjectHealth Subject::health(std::string_view key) const {
  SubjectHealth out;
  out.key = key;
  out.verdict = verdict_;
  out.since_ns = since_ns_;
  if (const CheckTrack* worst = deciding()) out.deciding_check = worst->status().check;
  for (const auto& [name, track] : tracks_) out.checks.push_back(track.shown());
  return out;
}

}  // namespace farmhand
