// SPDX-License-Identifier: Apache-2.0
// All checks of one subject and the one verdict over them. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "health/check_track.hh"

namespace farmhand {

class Subject {
 public:
  // Called with each change that counts, and for a check that became known without one.
  struct Listener {
    virtual ~Listener() = default;
    virtual void on_change(const CheckTrack& track, CheckTrack::Change change) = 0;
    virtual void on_known(const CheckTrack& track) = 0;
    virtual void on_gone(const CheckStatus& status) = 0;
  };

  void restore(CheckStatus status);
  void take(std::string_view source, std::span<const Finding> findings, Now now, Listener& to);
  void take_one(std::string_view source, const Finding& finding, CheckTrack::Trust trust, Now now,
                Listener& to);
  void take_failure(std::string_view source, std::string_view reason, std::string_view sentence,
                    Now now, Listener& to);
  void drop(std::string_view source, std::string_view check, Listener& to);  // empty: every check
  void tick(Now now, Listener& to);
  // Nobody spoke of a restored check since the agent started.
  void expire_restored(Now now, Listener& to);

  Verdict verdict() const { return verdict_; }
  uint64_t since_ns() const { return since_ns_; }
  bool empty() const { return tracks_.empty(); }
  SubjectHealth health(std::string_view key) const;
  const CheckTrack* deciding() const;

 private:
  using Key = std::pair<std::string, std::string>;  // source, check
  void feed(CheckTrack& track, const Finding& finding, CheckTrack::Trust trust, Now now,
            Listener& to);
  CheckTrack& track_of(std::string_view source, std::string_view check);
  void judge(Now now);

  std::map<Key, CheckTrack> tracks_;
  Verdict verdict_ = Verdict::kUnknown;
  uint64_t since_ns_ = 0;
};

// The check that stands for a source which could not answer at all.
inline constexpr std::string_view kCallCheck = "answers";

}  // namespace farmhand
