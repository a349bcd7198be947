// SPDX-License-Identifier: Apache-2.0
#include "health/judge.hh"

#include <algorithm>

#include "farmhand/events.h"
#include "farmhand/reasons.h"
#include "health/presence.hh"

namespace farmhand {

namespace {

Finding agent_finding(std::string_view check, Verdict verdict, std::string_view reason,
                      std::string sentence) {
  Finding finding;
  finding.check = check;
  finding.verdict = verdict;
  finding.reason = reason;
  finding.sentence = std::move(sentence);
  return finding;
}

}  // namespace

Judge::Judge(const Clock& clock, const Inventory& inventory, HealthPast past)
    : clock_(clock), inventory_(inventory), started_ns_(clock.boottime_ns()) {
  const Now at = now();
  for (auto& [key, status] : past.checks) {
    const int64_t age = std::max<int64_t>(0, at.realtime_ns - status.since_realtime_ns);
    status.since_ns = at.boottime_ns > static_cast<uint64_t>(age)
                          ? at.boottime_ns - static_cast<uint64_t>(age)
                          : 0;
    const bool event = status.source.starts_with("event ");
    if (event) {
      const uint64_t stands = status.verdict == Verdict::kFail ? kEventFailNs : kEventWarnNs;
      events_[{key, status.source, status.check}] = status.since_ns + stands;
    }
    subjects_[key].restore(std::move(status));
  }
  for (auto& [key, hold] : past.holds) holds_.restore(key, std::move(hold));
  for (ExpectedDevice& device : past.expected) expected_.restore(std::move(device));
  for (const Transition& one : past.failures) {
    remember_offence(one.subject, one.reason, one.realtime_ns);
  }
}

void Judge::set_rules(const HealthRules& rules) {
  holds_.set_rules({rules.quarantine_max_percent, rules.reentry_ok_for_ns});
  std::vector<ExpectedModel> models;
  for (const std::string& text : rules.expected.value_or(std::vector<std::string>())) {
    if (auto model = ExpectedModel::parse(text)) models.push_back(*std::move(model));
  }
  expected_.declare(std::move(models));
  if (!expected_.declared() && subjects_.contains("")) {
    current_.clear();
    subjects_[""].drop(kAgentSource, "inventory", *this);
  }
}

// A device of kind `node` is the node itself.
std::string Judge::subject_key(std::string_view key) const {
  const Device* device = inventory_.find(key);
  if (device != nullptr && device->info.kind == DeviceKind::kNode) return {};
  return std::string(key);
}

Subject& Judge::subject_of(std::string_view key) {
  current_ = subject_key(key);
  return subjects_[current_];
}

void Judge::take(std::string_view subject, std::string_view source,
                 std::span<const Finding> findings) {
  subject_of(subject).take(source, findings, now(), *this);
}

void Judge::take_failure(std::string_view subject, std::string_view source, std::string_view reason,
                         std::string_view sentence) {
  subject_of(subject).take_failure(source, reason, sentence, now(), *this);
}

void Judge::drop_source(std::string_view source) {
  for (auto& [key, subject] : subjects_) {
    current_ = key;
    subject.drop(source, {}, *this);
  }
  ++generation_;
}

void Judge::on_event(const std::string& plugin, const PluginEvent& event) {
  if (event.severity < FH_SEVERITY_WARNING || event.reason.empty()) return;
  const bool fails = event.severity >= FH_SEVERITY_ERROR;
  const uint64_t at = now().boottime_ns;
  Finding finding = agent_finding(event.reason, fails ? Verdict::kFail : Verdict::kWarn,
                                  event.reason, event.sentence);
  finding.evidence = event.evidence;
  const std::string source = "event " + plugin;
  Subject& subject = subject_of(event.device_key);
  events_[{current_, source, event.reason}] = at + (fails ? kEventFailNs : kEventWarnNs);
  subject.take_one(source, finding, CheckTrack::Trust::kAtOnce, now(), *this);
}

void Judge::end_event(const EventKey& key) {
  const auto& [subject, source, check] = key;
  current_ = subject;
  Subject& one = subjects_[subject];
  one.take_one(source, agent_finding(check, Verdict::kOk, "", "it did not happen again"),
               CheckTrack::Trust::kAtOnce, now(), *this);
  one.drop(source, check, *this);
}

void Judge::cleared(const std::string& key) {
  const std::string subject = subject_key(key);
  for (auto at = events_.begin(); at != events_.end();) {
    if (std::get<0>(at->first) == subject) {
      end_event(at->first);
      at = events_.erase(at);
    } else {
      ++at;
    }
  }
}

void Judge::look_at(const std::string& key) {
  const Device* device = inventory_.find(key);
  if (device == nullptr) return;
  Finding finding = presence_finding(*device);
  const bool node = device->info.kind == DeviceKind::kNode;
  if (node) finding.check += '.' + device->info.plugin;  // several plugins may speak of the node
  subject_of(key).take_one(kAgentSource, finding, CheckTrack::Trust::kAtOnce, now(), *this);
  if (!node && device->presence != Presence::kMissing) look_at_place(device->info);
  count_expected();
}

void Judge::look_at_place(const DeviceInfo& info) {
  Finding place = agent_finding("place", Verdict::kOk, "", "it sits where it did");
  for (const Expected::Difference& one : expected_.compare(info)) {
    if (one.kind == Expected::Difference::Kind::kMoved) {
      place = agent_finding("place", Verdict::kWarn, FH_REASON_DEVICE_MOVED, one.sentence);
    } else {
      PluginEvent event;
      event.device_key = info.key;
      event.severity = FH_SEVERITY_WARNING;
      event.reason = FH_REASON_DEVICE_MOVED;
      event.sentence = one.sentence;
      on_event(std::string(kAgentSource), event);
    }
  }
  subject_of(info.key).take_one(kAgentSource, place, CheckTrack::Trust::kAtOnce, now(), *this);
  if (expected_.learn(info)) changes_.expected[info.key] = expected_.learned().at(info.key);
}

// What an earlier life saw and this one has not.
void Judge::look_for_learned() {
  for (const auto& [key, device] : expected_.learned()) {
    if (inventory_.find(key) != nullptr) continue;
    subject_of(key).take_one(
        kAgentSource,
        missing_finding(device.vendor + ' ' + device.model +
                        " was there before the agent started and no plugin lists it"),
        CheckTrack::Trust::kAtOnce, now(), *this);
  }
}

void Judge::count_expected() {
  if (!expected_.declared() || !all_spoke_) return;
  Finding finding = agent_finding("inventory", Verdict::kOk, "", "all expected devices are there");
  for (const Expected::Difference& one : expected_.count(inventory_)) {
    const bool missing = one.kind == Expected::Difference::Kind::kMissing;
    if (finding.verdict == Verdict::kFail && !missing) continue;
    finding =
        agent_finding("inventory", missing ? Verdict::kFail : Verdict::kWarn,
                      missing ? FH_REASON_DEVICE_MISSING : FH_REASON_DEVICE_EXTRA, one.sentence);
  }
  subject_of("").take_one(kAgentSource, finding, CheckTrack::Trust::kAtOnce, now(), *this);
}

void Judge::tick() {
  const Now at = now();
  for (auto& [key, subject] : subjects_) {
    current_ = key;
    subject.tick(at, *this);
  }
  for (auto one = events_.begin(); one != events_.end();) {
    if (one->second > at.boottime_ns) {
      ++one;
      continue;
    }
    end_event(one->first);
    one = events_.erase(one);
  }
  if (all_spoke_ || at.boottime_ns - started_ns_ < kStartNs) return;
  all_spoke_ = true;
  look_for_learned();
  for (auto& [key, subject] : subjects_) {
    current_ = key;
    subject.expire_restored(at, *this);
  }
  count_expected();
}

std::vector<std::string> Judge::consider_holds() {
  std::vector<std::string> changed;
  size_t devices = 0;
  for (const auto& [key, device] : inventory_.devices()) {
    if (device.info.kind == DeviceKind::kAccelerator) ++devices;
  }
  for (const auto& [key, subject] : subjects_) {
    const Device* device = inventory_.find(key);
    // What is not there needs no quarantine: nobody can lease it.
    if (device == nullptr || device->presence != Presence::kManaged) continue;
    const CheckTrack* why = subject.deciding();
    const auto step = holds_.consider(key, subject.verdict(), subject.since_ns(),
                                      why == nullptr ? "" : why->status().sentence, devices, now());
    if (step == HoldBook::Step::kNothing) continue;
    const Hold* hold = holds_.find(key);
    changes_.holds[key] = hold == nullptr ? std::nullopt : std::optional(*hold);
    changed.push_back(key);
    ++generation_;
  }
  return changed;
}

void Judge::hold(const std::string& key, HoldKind kind, const std::string& why,
                 const std::string& who) {
  holds_.put(key, kind, why, who, now().realtime_ns);
  changes_.holds[key] = *holds_.find(key);
  ++generation_;
}

Result<void> Judge::release(const std::string& key) {
  if (auto lifted = holds_.lift(key); !lifted) return lifted;
  changes_.holds[key] = std::nullopt;
  ++generation_;
  return {};
}

bool Judge::forget(const std::string& key) {
  const bool known = expected_.forget(key);
  changes_.expected[key] = std::nullopt;
  const auto subject = subjects_.find(key);
  const Device* device = inventory_.find(key);
  if (device != nullptr && device->presence != Presence::kMissing) {
    look_at(key);  // learned anew, where it is
    return true;
  }
  if (subject == subjects_.end()) return known;
  for (const CheckStatus& status : subject->second.health(key).checks) {
    changes_.gone.emplace_back(key, status);
  }
  subjects_.erase(subject);
  std::erase_if(events_, [&](const auto& one) { return std::get<0>(one.first) == key; });
  ++generation_;
  return true;
}

void Judge::on_change(const CheckTrack& track, CheckTrack::Change change) {
  const CheckStatus& status = track.status();
  const Now at = now();
  Transition one{Uuid::random(), current_,       status.check,    status.source, change.from,
                 status.verdict, status.reason,  status.sentence, status.action, status.evidence,
                 change.count,   at.boottime_ns, at.realtime_ns};
  if (one.to == Verdict::kFail) remember_offence(current_, one.reason, at.realtime_ns);
  changes_.transitions.push_back(std::move(one));
  changes_.checks.emplace_back(current_, status);
  ++generation_;
}

void Judge::on_known(const CheckTrack& track) {
  changes_.checks.emplace_back(current_, track.status());
  ++generation_;
}

void Judge::on_gone(const CheckStatus& status) {
  std::erase_if(changes_.checks, [&](const auto& one) {
    return one.first == current_ && one.second.source == status.source &&
           one.second.check == status.check;
  });
  changes_.gone.emplace_back(current_, status);
}

void Judge::remember_offence(const std::string& subject, const std::string& reason,
                             int64_t realtime_ns) {
  std::deque<int64_t>& times = offences_[{subject, reason}];
  times.push_back(realtime_ns);
  if (times.size() > kOffencesMax) times.pop_front();
}

SubjectHealth Judge::health_of(const std::string& key, const Subject& subject) const {
  SubjectHealth out = subject.health(key);
  if (const Hold* hold = holds_.find(key)) out.hold = *hold;
  out.note = holds_.note(key);
  const int64_t since = now().realtime_ns - static_cast<int64_t>(kOffenceWindowNs);
  for (auto at = offences_.lower_bound({key, ""}); at != offences_.end() && at->first.first == key;
       ++at) {
    const auto count = std::count_if(at->second.begin(), at->second.end(),
                                     [&](int64_t time) { return time >= since; });
    if (count < 2) continue;
    out.offences.push_back(
        {at->first.second, static_cast<uint32_t>(count), kOffenceWindowNs, at->second.back()});
  }
  return out;
}

std::vector<SubjectHealth> Judge::subjects() const {
  std::vector<SubjectHealth> out;
  for (const auto& [key, subject] : subjects_) {
    if (!subject.empty()) out.push_back(health_of(key, subject));
  }
  return out;
}

std::optional<SubjectHealth> Judge::find(std::string_view key) const {
  const auto at = subjects_.find(subject_key(key));
  if (at == subjects_.end()) return std::nullopt;
  return health_of(at->first, at->second);
}

Verdict Judge::overall() const {
  std::optional<Verdict> worst;
  for (const auto& [key, subject] : subjects_) {
    if (subject.empty()) continue;
    if (!worst || is_worse(subject.verdict(), *worst)) worst = subject.verdict();
  }
  return worst.value_or(Verdict::kUnknown);
}

}  // namespace farmhand
