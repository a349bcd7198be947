// SPDX-License-Identifier: Apache-2.0
#include "health/presence.hh"

#include "farmhand/reasons.h"
#include "health/reason.hh"

namespace farmhand {

namespace {

Finding finding_of(Verdict verdict, std::string_view reason, std::string_view sentence) {
  Finding finding;
  finding.check = kPresenceCheck;
  finding.verdict = verdict;
  finding.reason = reason;
  finding.sentence = sentence;
  finding.action = action_of_reason(reason);
  return finding;
}

// The supervisor's sentence names what happened; only a call that did not return is a hang.
std::string_view reason_of_unknown(std::string_view why) {
  for (const std::string_view word : {"did not return", "hung", "hang", "deadline", "overran"}) {
    if (why.find(word) != why.npos) return FH_REASON_DEVICE_HUNG;
  }
  return FH_REASON_DEVICE_LOST;
}

}  // namespace

Finding missing_finding(std::string_view sentence) {
  return finding_of(Verdict::kFail, FH_REASON_DEVICE_MISSING, sentence);
}

Finding presence_finding(const Device& device) {
  switch (device.presence) {
    case Presence::kManaged:
      return finding_of(Verdict::kOk, "", "it is there and answers");
    case Presence::kUnmanaged:
      return finding_of(Verdict::kFail, FH_REASON_DEVICE_UNMANAGED, device.reason);
    case Presence::kNoPermission:
      return finding_of(Verdict::kUnknown, FH_REASON_DEVICE_PERMISSION, device.reason);
    case Presence::kUnknown:
      return finding_of(Verdict::kUnknown, reason_of_unknown(device.reason), device.reason);
    case Presence::kMissing:
      return missing_finding(device.reason);
  }
  return finding_of(Verdict::kUnknown, FH_REASON_DEVICE_LOST, device.reason);
}

}  // namespace farmhand
