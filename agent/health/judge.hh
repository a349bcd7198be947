// SPDX-License-Identifier: Apache-2.0
// All subjects of a node under one roof: findings, presence, events and expectations go in; what
// changed comes out as a batch for state.db and lane 1. Pure but for the Clock; Health gives it a
// disk and doors.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "device/expected.hh"
#include "health/health.hh"
#include "health/holds.hh"
#include "health/past.hh"
#include "health/subject.hh"

namespace farmhand {

class Judge final : private Subject::Listener {
 public:
  static constexpr uint64_t kEventWarnNs = 600 * CheckTrack::kSecond;
  static constexpr uint64_t kEventFailNs = 3600 * CheckTrack::kSecond;
  static constexpr uint64_t kStartNs = 120 * CheckTrack::kSecond;  // then everybody has spoken
  static constexpr uint64_t kOffenceWindowNs = 30ull * 86'400 * CheckTrack::kSecond;
  static constexpr size_t kOffencesMax = 64;  // remembered per subject and reason

  Judge(const Clock& clock, const Inventory& inventory, HealthPast past);

  void set_rules(const HealthRules& rules);
  void take(std::string_view subject, std::string_view source, std::span<const Finding> findings);
  void take_failure(std::string_view subject, std::string_view source, std::string_view reason,
                    std::string_view sentence);
  void drop_source(std::string_view source);
  void on_event(const std::string& plugin, const PluginEvent& event);
  void look_at(const std::string& key);  // its presence and place
  void cleared(const std::string& key);
  void tick();
  // Takes holds where the rules ask for them; the keys whose hold changed.
  std::vector<std::string> consider_holds();
  void hold(const std::string& key, HoldKind kind, const std::string& why, const std::string& who);
  Result<void> release(const std::string& key);
  bool forget(const std::string& key);

  const HoldBook& holds() const { return holds_; }
  std::vector<SubjectHealth> subjects() const;
  std::optional<SubjectHealth> find(std::string_view key) const;
  Verdict overall() const;
  uint64_t generation() const { return generation_; }

  HealthChanges take_changes() { return std::exchange(changes_, {}); }
  HealthChanges& changes() { return changes_; }

 private:
  using EventKey = std::tuple<std::string, std::string, std::string>;  // subject, source, check
  void on_change(const CheckTrack& track, CheckTrack::Change change) override;
  void on_known(const CheckTrack& track) override;
  void on_gone(const CheckStatus& status) override;
  Subject& subject_of(std::string_view key);
  std::string subject_key(std::string_view key) const;
  void look_at_place(const DeviceInfo& info);
  void look_for_learned();
  void count_expected();
  void end_event(const EventKey& key);
  void remember_offence(const std::string& subject, const std::string& reason, int64_t realtime_ns);
  SubjectHealth health_of(const std::string& key, const Subject& subject) const;
  Now now() const { return {clock_.boottime_ns(), clock_.realtime_ns()}; }

  const Clock& clock_;
  const Inventory& inventory_;
  const uint64_t started_ns_;
  bool all_spoke_ = false;
  std::map<std::string, Subject, std::less<>> subjects_;
  std::string current_;                  // the subject that is being judged
  std::map<EventKey, uint64_t> events_;  // until when each stands
  std::map<std::pair<std::string, std::string>, std::deque<int64_t>> offences_;
  Expected expected_;
  HoldBook holds_;
  HealthChanges changes_;
  uint64_t generation_ = 1;
};

}  // namespace farmhand
