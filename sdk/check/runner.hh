// SPDX-License-Identifier: Apache-2.0
// Runs a test in a process of its own: what crashes or hangs there is a finding and no more.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "findings.hh"
#include "options.hh"

namespace farmhand::check {

enum class Result { kOk, kFailed, kSkipped };

struct Outcome {
  Result result = Result::kOk;
  std::string skipped;
  std::vector<std::string> problems;
  uint64_t took_ms = 0;
};

// The body fills the findings and returns; then the process exits as any program does.
using Body = std::function<void(Findings& findings)>;

Outcome run_apart(const Body& body, unsigned timeout_s);

// The same under trace; a process that was forked and never called exec is a finding.
Outcome run_traced(const Body& body, unsigned timeout_s);

}  // namespace farmhand::check
