// SPDX-License-Identifier: Apache-2.0
#include "health/holds.hh"

#include <algorithm>

namespace farmhand {

void HoldBook::restore(const std::string& key, Hold hold) {
  hold.until = until(hold.kind);
  holds_.insert_or_assign(key, std::move(hold));
}

const Hold* HoldBook::find(std::string_view key) const {
  const auto at = holds_.find(key);
  return at == holds_.end() ? nullptr : &at->second;
}

std::string HoldBook::until(HoldKind kind) const {
  if (kind == HoldKind::kQuiesced) return "farmhand device resume";
  if (kind != HoldKind::kQuarantined) return "farmhand device uncordon";
  return "not failed for " + std::to_string(rules_.reentry_ok_for_ns / CheckTrack::kSecond) + " s";
}

void HoldBook::put(const std::string& key, HoldKind kind, const std::string& why,
                   const std::string& who, int64_t realtime_ns) {
  holds_.insert_or_assign(key, Hold{kind, why, who, realtime_ns, until(kind)});
  notes_.erase(key);
}

Result<void> HoldBook::lift(const std::string& key) {
  if (holds_.erase(key) > 0) return {};
  return Error{Errc::kNotFound, "device '" + key + "' is not held"};
}

size_t HoldBook::quarantined() const {
  return static_cast<size_t>(std::count_if(holds_.begin(), holds_.end(), [](const auto& one) {
    return one.second.kind == HoldKind::kQuarantined;
  }));
}

HoldBook::Step HoldBook::consider(const std::string& key, Verdict verdict, uint64_t since_ns,
                                  const std::string& why, size_t devices, Now now) {
  if (const Hold* hold = find(key)) {
    const bool well = verdict == Verdict::kOk || verdict == Verdict::kWarn;
    if (hold->kind != HoldKind::kQuarantined || !well) return Step::kNothing;
    if (now.boottime_ns - since_ns < rules_.reentry_ok_for_ns) return Step::kNothing;
    holds_.erase(key);
    return Step::kReleased;
  }
  if (verdict != Verdict::kFail) {
    notes_.erase(key);
    return Step::kNothing;
  }
  const size_t most = std::max<size_t>(1, devices * rules_.max_percent / 100);
  if (quarantined() >= most) {
    if (!notes_.contains(key)) {
      notes_[key] = "not quarantined: " + std::to_string(most) + " of " + std::to_string(devices) +
                    " devices are already, and [health] quarantine_max_percent allows no more";
    }
    return Step::kNothing;
  }
  if (last_quarantine_ns_ && now.boottime_ns - *last_quarantine_ns_ < kPaceNs) {
    return Step::kNothing;
  }
  last_quarantine_ns_ = now.boottime_ns;
  put(key, HoldKind::kQuarantined, why, "agent", now.realtime_ns);
  return Step::kHeld;
}

std::string_view HoldBook::note(std::string_view key) const {
  const auto at = notes_.find(key);
  return at == notes_.end() ? std::string_view() : std::string_view(at->second);
}

}  // namespace farmhand
