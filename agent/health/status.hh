// SPDX-License-Identifier: Apache-2.0
// What people see of health, as plain values: the state of each check, the hold on a device, the
// one verdict of a subject, and what changed. A subject is a device by its key, or the node itself
// with an empty one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hh"
#include "plugin/finding.hh"

namespace farmhand {

struct CheckStatus {
  std::string check;
  std::string source;  // who looks: `plugin furiosa`, `rule hot`, `command disk`, `agent`
  Verdict verdict = Verdict::kUnknown;
  std::string reason;
  std::string sentence;
  std::string action;
  std::vector<Evidence> evidence;
  uint64_t since_ns = 0;  // boottime; 0: since before this boot
  int64_t since_realtime_ns = 0;
  uint64_t last_ns = 0;  // the last finding; 0: none since the agent started
  uint32_t changes = 0;  // of the verdict, since it is known
  bool flapping = false;
};

enum class HoldKind : uint8_t { kCordoned, kDraining, kDrained, kQuarantined, kQuiesced };
std::string_view name_of(HoldKind kind);  // `cordoned`, …

// No new leases, and why.
struct Hold {
  HoldKind kind = HoldKind::kCordoned;
  std::string why;
  std::string who;  // `agent` for a quarantine
  int64_t since_realtime_ns = 0;
  std::string until;  // what it waits for: `ok for 5 min`, `farmhand device uncordon`
};

// How often a subject failed for one reason lately.
struct Offence {
  std::string reason;
  uint32_t count = 0;
  uint64_t window_ns = 0;
  int64_t last_realtime_ns = 0;
};

struct SubjectHealth {
  std::string key;  // empty: the node
  Verdict verdict = Verdict::kUnknown;
  std::string deciding_check;  // empty: nothing looks at it
  std::string note;            // what the agent did not do, and why; mostly empty
  uint64_t since_ns = 0;       // boottime; 0: since before this boot
  std::vector<CheckStatus> checks;
  std::optional<Hold> hold;
  std::vector<Offence> offences;

  const CheckStatus* deciding() const;  // null: nothing looks at it
};

// A confirmed change of one check; travels on lane 1. A flapping check makes one with its count,
// and one more when it is calm again.
struct Transition {
  Uuid uuid;
  std::string subject;
  std::string check;
  std::string source;
  Verdict from = Verdict::kUnknown;
  Verdict to = Verdict::kUnknown;
  std::string reason;
  std::string sentence;
  std::string action;
  std::vector<Evidence> evidence;
  uint32_t count = 1;  // above 1: flapping, so many changes
  uint64_t boottime_ns = 0;
  int64_t realtime_ns = 0;
};

// fail, unknown, warn, ok: what is not known must neither look well nor hide behind a warning that
// says "it works, but"; a proven failure is worth more than an unanswered question.
bool is_worse(Verdict a, Verdict b);

}  // namespace farmhand
