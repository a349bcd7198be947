// SPDX-License-Identifier: Apache-2.0
// What a node says of its health, as it travels. The numbers of the enums are those of
// record.proto; they are not the ABI's, whose 0 is ok: what is left out on the wire must not be
// taken for well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hh"

namespace farmhand::wire {

enum class Verdict : uint8_t { kUnspecified = 0, kOk = 1, kWarn = 2, kFail = 3, kUnknown = 4 };

enum class HoldKind : uint8_t {
  kUnspecified = 0,  // not held
  kCordoned = 1,
  kDraining = 2,
  kDrained = 3,
  kQuarantined = 4,
  kQuiesced = 5,
};

struct HealthEvidence {
  std::string name;
  uint32_t unit = 0;            // FH_UNIT_*
  std::optional<double> value;  // none: there is only text
  std::optional<double> least;
  std::optional<double> most;
  std::string text;
  bool operator==(const HealthEvidence&) const = default;
};

inline constexpr size_t kEvidenceMax = 32;  // of one transition, as the ABI has it

// The uuid keys the effect: a transition sent twice is one transition.
struct HealthTransition {
  Uuid uuid;
  std::string device_key;  // empty: of the node
  std::string check;
  std::string source;
  Verdict from = Verdict::kUnspecified;  // the check is new
  Verdict to = Verdict::kUnknown;        // never kUnspecified once decoded
  std::string reason;
  std::string sentence;
  std::string action;
  std::vector<HealthEvidence> evidence;
  uint32_t count = 1;  // changes it stands for
  uint64_t boottime_ns = 0;
  int64_t realtime_ns = 0;
  bool operator==(const HealthTransition&) const = default;
};

std::string_view name_of(Verdict verdict);  // `ok`; that of kUnspecified is `unknown`
std::string_view name_of(HoldKind kind);    // `cordoned`; that of kUnspecified is `none`

// The worse of two: fail, then unknown, then warn, then ok. What is not known may be a failure, so
// it stands above a warning.
Verdict worse(Verdict one, Verdict other);

}  // namespace farmhand::wire
