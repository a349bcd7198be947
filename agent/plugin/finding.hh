// SPDX-License-Identifier: Apache-2.0
// What a check concluded and what it rests on, and what a plugin tells unasked, as plain values.
// The numbers of verdicts and units are the ABI's (sdk/include/farmhand/verdict.h).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/model.hh"

namespace farmhand {

enum class Verdict : uint8_t { kOk, kWarn, kFail, kUnknown };

std::string_view name_of(Verdict verdict);  // `ok`, `warn`, `fail`, `unknown`

// One measured or observed thing.
struct Evidence {
  std::string name;
  Unit unit = Unit::kNone;
  double value = std::numeric_limits<double>::quiet_NaN();  // NaN: there is only text
  std::optional<double> least;                              // what is expected at least, at most
  std::optional<double> most;
  std::string text;
};

// The outcome of one check of one subject.
struct Finding {
  std::string check;
  Verdict verdict = Verdict::kUnknown;
  std::string reason;    // a code of reasons.h; empty only for kOk
  std::string sentence;  // what was found, with its numbers
  std::string action;    // what the operator does next; empty: the catalogue's
  std::vector<Evidence> evidence;
  uint64_t boottime_ns = 0;
};

// Something that happened, told by a plugin without being asked.
struct PluginEvent {
  std::string device_key;  // empty: the plugin's own
  uint8_t severity = 0;    // FH_SEVERITY_*
  int64_t vendor_code = 0;
  uint32_t lost = 0;  // events before this one that were not delivered
  std::string reason;
  std::string sentence;
  std::vector<Evidence> evidence;
  uint64_t boottime_ns = 0;
};

}  // namespace farmhand
