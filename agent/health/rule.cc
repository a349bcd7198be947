// SPDX-License-Identifier: Apache-2.0
#include "health/rule.hh"

#include <farmhand/reasons.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "config/values.hh"

namespace farmhand {

namespace {

constexpr uint64_t kLostIntervals = 30;
constexpr uint64_t kLostLeastNs = 60'000'000'000;

uint64_t ns_from(std::chrono::milliseconds duration) {
  return static_cast<uint64_t>(duration.count()) * 1'000'000;
}

std::string number_text(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

bool above(double value, const std::optional<double>& limit, double room) {
  return limit && value > *limit - room;
}
bool below(double value, const std::optional<double>& limit, double room) {
  return limit && value < *limit + room;
}

}  // namespace

Rule::Rule(const RuleDefinition& definition, const MetricInfo& metric, uint64_t interval_ns)
    : definition_(definition),
      metric_(metric),
      check_(metric.label_value.empty() ? definition.name
                                        : definition.name + '.' + metric.label_value),
      lost_after_ns_(std::max(kLostLeastNs, kLostIntervals * interval_ns)) {}

bool Rule::take(const Sample& sample) {
  if (first_seen_ns_ == 0) first_seen_ns_ = sample.boottime_ns;
  last_status_ = sample.status;
  if (sample.status != SampleStatus::kOk || !std::isfinite(sample.value)) return false;
  // Older than what decided already: order is the source's duty.
  if (sample.boottime_ns < last_ok_ns_) return false;
  // A stretch that was not read proves nothing about how long a condition held.
  if (lost_ || sample.boottime_ns - last_ok_ns_ > lost_after_ns_) {
    warn_since_ns_ = fail_since_ns_ = 0;
    older_ = newer_ = Anchor();
    rate_.reset();
    moved_ns_ = sample.boottime_ns;
  }
  const bool was_lost = std::exchange(lost_, false);
  const bool first = last_ok_ns_ == 0;
  measure_rate(sample);
  note_movement(sample);
  value_ = sample.value;
  last_ok_ns_ = sample.boottime_ns;
  return settle(severity_now(sample.boottime_ns), sample.boottime_ns) || was_lost || first;
}

// From an anchor between half of `over` and the whole of it ago. A counter that went back was reset
// and is measured anew.
void Rule::measure_rate(const Sample& sample) {
  if (!definition_.warn_rate && !definition_.fail_rate) return;
  const uint64_t half_ns = std::max<uint64_t>(ns_from(definition_.over) / 2, 1);
  const bool reset = metric_.kind == MetricKind::kCounter && sample.value < value_;
  if (older_.at_ns == 0 || reset) {
    older_ = newer_ = {sample.boottime_ns, sample.value};
    rate_.reset();
    return;
  }
  // Before half of the time has passed its growth is taken as that of the half: never too much, and
  // what must not grow at all is seen at once.
  const uint64_t passed_ns = std::max(sample.boottime_ns - older_.at_ns, half_ns);
  rate_ = (sample.value - older_.value) / (static_cast<double>(passed_ns) / 1e9);
  if (sample.boottime_ns - newer_.at_ns >= half_ns) {
    older_ = newer_;
    newer_ = {sample.boottime_ns, sample.value};
  }
}

void Rule::note_movement(const Sample& sample) {
  if (sample.value != value_) moved_ns_ = sample.boottime_ns;  // true of the first one: NaN
}

void Rule::take_while(const Sample& sample) {
  const bool should_move =
      sample.status == SampleStatus::kOk && sample.value > definition_.while_above;
  if (!should_move) {
    while_since_ns_ = 0;
  } else if (while_since_ns_ == 0) {
    while_since_ns_ = sample.boottime_ns;
  }
}

double Rule::room(Verdict severity) const {
  return decided_ != Verdict::kUnknown && decided_ >= severity ? definition_.clear : 0;
}

Verdict Rule::severity_of_level() const {
  const RuleDefinition& d = definition_;
  const double of_fail = room(Verdict::kFail);
  const double of_warn = room(Verdict::kWarn);
  if (above(value_, d.fail_above, of_fail) || below(value_, d.fail_below, of_fail)) {
    return Verdict::kFail;
  }
  const bool warns = above(value_, d.warn_above, of_warn) || below(value_, d.warn_below, of_warn);
  // With a fail limit only, its way back passes through no warning.
  return warns ? Verdict::kWarn : Verdict::kOk;
}

Verdict Rule::severity_of_rate() const {
  if (!rate_) return Verdict::kOk;
  if (above(*rate_, definition_.fail_rate, 0)) return Verdict::kFail;
  return above(*rate_, definition_.warn_rate, 0) ? Verdict::kWarn : Verdict::kOk;
}

// Stands still while it should move, proven by readings up to now and not by their absence.
bool Rule::stands_still(uint64_t now_ns) const {
  if (!definition_.stuck_for || last_ok_ns_ == 0) return false;
  const bool conditional = !definition_.while_metric.empty();
  if (conditional && while_since_ns_ == 0) return false;
  const uint64_t since_ns = std::max(moved_ns_, conditional ? while_since_ns_ : 0);
  return now_ns >= since_ns && now_ns - since_ns >= ns_from(*definition_.stuck_for);
}

Verdict Rule::severity_now(uint64_t now_ns) const {
  if (stands_still(now_ns)) return Verdict::kFail;
  return std::max(severity_of_level(), severity_of_rate());
}

// A worse verdict has to hold for the rule's duration, a better one counts at once: hysteresis is
// in the thresholds.
bool Rule::settle(Verdict wanted, uint64_t now_ns) {
  const auto note = [now_ns](uint64_t& since_ns, bool holds) {
    if (!holds) since_ns = 0;
    if (holds && since_ns == 0) since_ns = now_ns;
  };
  note(warn_since_ns_, wanted >= Verdict::kWarn);
  note(fail_since_ns_, wanted >= Verdict::kFail);
  const uint64_t hold_ns = ns_from(definition_.hold);
  const auto held = [&](uint64_t since_ns) {
    return since_ns != 0 && now_ns - since_ns >= hold_ns;
  };
  Verdict decided = std::min(decided_, wanted);
  if (held(warn_since_ns_)) decided = std::max(decided, Verdict::kWarn);
  if (held(fail_since_ns_)) decided = Verdict::kFail;
  if (decided == decided_) return false;
  decided_ = decided;
  decided_value_ = value_;
  return true;
}

bool Rule::tick(uint64_t now_ns) {
  const uint64_t seen_ns = last_ok_ns_ != 0 ? last_ok_ns_ : first_seen_ns_;
  if (lost_ || seen_ns == 0 || now_ns < seen_ns || now_ns - seen_ns <= lost_after_ns_) return false;
  if (last_ok_ns_ == 0 && last_status_ == SampleStatus::kNotSupported) return false;
  lost_ = true;
  return true;
}

std::optional<Verdict> Rule::verdict() const {
  if (lost_) return Verdict::kUnknown;
  if (last_ok_ns_ == 0) return std::nullopt;
  return decided_;
}

std::string Rule::sentence() const {
  const std::string unit(symbol_of(metric_.unit));
  const auto with_unit = [&](double value) {
    return number_text(value) + (unit.empty() ? "" : ' ' + unit);
  };
  std::string name = metric_.name;
  if (!metric_.label_value.empty()) name += ' ' + metric_.label + ' ' + metric_.label_value;
  if (lost_) {
    return name + " could not be read for a long time (" + std::string(name_of(last_status_)) + ")";
  }
  if (decided_ == Verdict::kOk) return name + " is " + with_unit(value_);
  if (definition_.stuck_for && stands_still(last_ok_ns_)) {
    return name + " stands still at " + with_unit(value_) + " for " +
           text_of(*definition_.stuck_for) +
           (definition_.while_metric.empty() ? ""
                                             : " while " + definition_.while_metric + " is above " +
                                                   number_text(definition_.while_above));
  }
  const bool fails = decided_ == Verdict::kFail;
  if (severity_of_rate() >= decided_) {
    const auto& limit = fails ? definition_.fail_rate : definition_.warn_rate;
    return name + " grows by " + with_unit(*rate_) + " per second, more than " +
           with_unit(limit.value_or(0));
  }
  const auto& high = fails ? definition_.fail_above : definition_.warn_above;
  const auto& low = fails ? definition_.fail_below : definition_.warn_below;
  const bool is_high = high && decided_value_ > *high;
  const auto& limit = is_high ? high : low;
  return name + " is " + with_unit(value_) + (is_high ? ", above " : ", below ") +
         with_unit(limit.value_or(0)) +
         (definition_.hold.count() > 0 ? " for " + text_of(definition_.hold) : "");
}

Finding Rule::finding(uint64_t now_ns) const {
  Finding finding;
  finding.check = check_;
  finding.verdict = verdict().value_or(Verdict::kUnknown);
  if (finding.verdict == Verdict::kUnknown) finding.reason = FH_REASON_READING_FAILED;
  if (finding.verdict == Verdict::kWarn || finding.verdict == Verdict::kFail) {
    finding.reason = definition_.reason;
    finding.action = definition_.action;
  }
  finding.sentence = sentence();
  finding.boottime_ns = now_ns;
  if (last_ok_ns_ == 0) return finding;
  Evidence evidence;
  evidence.name = metric_.name;
  evidence.unit = metric_.unit;
  evidence.value = value_;
  evidence.least = definition_.warn_below ? definition_.warn_below : definition_.fail_below;
  evidence.most = definition_.warn_above ? definition_.warn_above : definition_.fail_above;
  finding.evidence.push_back(std::move(evidence));
  return finding;
}

}  // namespace farmhand
