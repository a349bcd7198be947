// SPDX-License-Identifier: Apache-2.0
// One rule over one series: a threshold, a rate, a counter that stands still; each for a duration,
// and well again only some way back. Pure: time comes with the samples.
//
// Only a sample that is ok counts. What could not be read neither raises an alarm nor ends one; if
// it lasts, the rule's verdict is unknown.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "config/check_file.hh"
#include "plugin/finding.hh"
#include "plugin/model.hh"

namespace farmhand {

class Rule {
 public:
  // A series that is read every `interval_ns` is unknown after 30 intervals, 60 s at least.
  Rule(const RuleDefinition& definition, const MetricInfo& metric, uint64_t interval_ns);

  // Whether the verdict changed.
  bool take(const Sample& sample);
  // The same of the metric that tells whether this one should move.
  void take_while(const Sample& sample);
  // What only time tells: a value that stands still, a series that is not read.
  bool tick(uint64_t now_ns);

  // Nothing: not read yet, or the device does not offer it.
  std::optional<Verdict> verdict() const;
  Finding finding(uint64_t now_ns) const;
  const RuleDefinition& definition() const { return definition_; }
  const std::string& check() const { return check_; }

 private:
  struct Anchor {
    uint64_t at_ns = 0;
    double value = 0;
  };
  void measure_rate(const Sample& sample);
  void note_movement(const Sample& sample);
  Verdict severity_now(uint64_t now_ns) const;
  Verdict severity_of_level() const;
  Verdict severity_of_rate() const;
  bool stands_still(uint64_t now_ns) const;
  bool settle(Verdict wanted, uint64_t now_ns);
  std::string sentence() const;
  double room(Verdict severity) const;  // how far back to go from what holds now

  RuleDefinition definition_;
  MetricInfo metric_;
  std::string check_;
  uint64_t lost_after_ns_;
  Verdict decided_ = Verdict::kOk;
  bool lost_ = false;
  uint64_t first_seen_ns_ = 0;  // of any sample; 0: none
  uint64_t last_ok_ns_ = 0;     // 0: never
  SampleStatus last_status_ = SampleStatus::kUnknown;
  double value_ = std::numeric_limits<double>::quiet_NaN();
  double decided_value_ = 0;    // what decided
  uint64_t warn_since_ns_ = 0;  // holds without a break since then; 0: does not
  uint64_t fail_since_ns_ = 0;
  Anchor older_, newer_;  // the rate is measured from the older one
  std::optional<double> rate_;
  uint64_t moved_ns_ = 0;
  uint64_t while_since_ns_ = 0;  // 0: it need not move
};

}  // namespace farmhand
