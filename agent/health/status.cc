// SPDX-License-Identifier: Apache-2.0
#include "health/status.hh"

namespace farmhand {

namespace {

int rank_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return 0;
    case Verdict::kWarn:
      return 1;
    case Verdict::kUnknown:
      return 2;
    case Verdict::kFail:
      return 3;
  }
  return 2;
}

}  // namespace

bool is_worse(Verdict a, Verdict b) {
  return rank_of(a) > rank_of(b);
}

std::string_view name_of(HoldKind kind) {
  switch (kind) {
    case HoldKind::kCordoned:
      return "cordoned";
    case HoldKind::kDraining:
      return "draining";
    case HoldKind::kDrained:
      return "drained";
    case HoldKind::kQuarantined:
      return "quarantined";
    case HoldKind::kQuiesced:
      return "quiesced";
  }
  return "cordoned";
}

const CheckStatus* SubjectHealth::deciding() const {
  for (const CheckStatus& status : checks) {
    if (status.check == deciding_check && status.verdict == verdict) return &status;
  }
  return nullptr;
}

}  // namespace farmhand
