// SPDX-License-Identifier: Apache-2.0
// Checks of a device:
//
//   void check(farmhand::Call& call) {
//     call.emit(farmhand::ok_record("link"));
//     call.emit(farmhand::verdict_record("memory.ecc", FH_VERDICT_FAIL,
//                                        FH_REASON_MEMORY_UNCORRECTED, sentence));
//     call.emit(farmhand::evidence_record("errors.uncorrected", 3, FH_UNIT_NONE));
//   }
#pragma once

#include <limits>

#include "farmhand/health.h"
#include "farmhand/instance.hh"
#include "farmhand/reasons.h"

namespace farmhand {

inline fh_verdict verdict_record(std::string_view check, int32_t verdict, std::string_view reason,
                                 std::string_view sentence) {
  fh_verdict record = made<fh_verdict>();
  record.kind = FH_RECORD_VERDICT;
  record.verdict = verdict;
  record.check = str(check);
  record.reason = str(reason);
  record.sentence = str(sentence);
  return record;
}

inline fh_verdict ok_record(std::string_view check) {
  return verdict_record(check, FH_VERDICT_OK, {}, {});
}

// For what could not be read: never OK.
inline fh_verdict unknown_record(std::string_view check, std::string_view sentence) {
  return verdict_record(check, FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED, sentence);
}

inline fh_evidence evidence_record(std::string_view name, double value, int32_t unit,
                                   std::string_view text = {}) {
  fh_evidence record = made<fh_evidence>();
  record.kind = FH_RECORD_EVIDENCE;
  record.unit = unit;
  record.value = value;
  record.name = str(name);
  record.text = str(text);
  return record;
}

inline fh_evidence text_evidence_record(std::string_view name, std::string_view text) {
  return evidence_record(name, std::numeric_limits<double>::quiet_NaN(), FH_UNIT_NONE, text);
}

template <class P>
concept Checks = requires(P& plugin, Call& call) {
  plugin.check(call);
};

template <class P>
struct HealthTable {
  static const void* find(std::string_view id) {
    if constexpr (Checks<P>) {
      if (id == FH_HEALTH_ID) return &kTable;
    }
    return nullptr;
  }

 private:
  static int32_t check(void* self, const fh_call* given) noexcept {
    return in_call<P>(self, given, [](P& plugin, Call& call) { return plugin.check(call); });
  }
  static constexpr fh_health kTable{sizeof(fh_health), 0, &check};
};

}  // namespace farmhand
