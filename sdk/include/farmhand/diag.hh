// SPDX-License-Identifier: Apache-2.0
// Tests of a device, with measured results:
//
//   void tests(farmhand::Call& call) {
//     call.emit(farmhand::test_record("compute.fp16", FH_LEVEL_QUICK, FH_TEST_NEEDS_IDLE, help));
//   }
//   void run(farmhand::Call& call, const farmhand::TestRun& run) {
//     while (…) { call.check(); call.emit(farmhand::progress_record(percent)); }
//     call.emit(farmhand::ok_record(run.name));
//     call.emit(farmhand::measured_record("compute.fp16", 2.4e14, FH_UNIT_OPERATION_PER_SECOND,
//     2e14));
//   }
#pragma once

#include <string>

#include "farmhand/diag.h"
#include "farmhand/health.hh"

namespace farmhand {

// A copy of fh_test_run.
struct TestRun {
  explicit TestRun(const fh_test_run* given) {
    const fh_test_run run = taken(given);
    name = view(run.name);
    level = run.level;
    budget_ns = run.budget_ns;
    seed = run.seed;
  }
  std::string name;
  int32_t level = FH_LEVEL_QUICK;
  uint64_t budget_ns = 0;
  uint64_t seed = 0;
};

inline fh_test test_record(std::string_view name, int32_t level, uint32_t flags,
                           std::string_view help, uint64_t duration_ns = 0) {
  fh_test record = made<fh_test>();
  record.kind = FH_RECORD_TEST;
  record.level = level;
  record.flags = flags;
  record.duration_ns = duration_ns;
  record.name = str(name);
  record.help = str(help);
  return record;
}

inline fh_progress progress_record(double percent, std::string_view sentence = {}) {
  fh_progress record = made<fh_progress>();
  record.kind = FH_RECORD_PROGRESS;
  record.percent = percent;
  record.sentence = str(sentence);
  return record;
}

// Evidence with the least value that the plugin expects of a sound device.
inline fh_evidence measured_record(std::string_view name, double value, int32_t unit,
                                   double least) {
  fh_evidence record = evidence_record(name, value, unit);
  record.bounds = FH_BOUND_LEAST;
  record.least = least;
  return record;
}

template <class P>
concept ListsTests = requires(P& plugin, Call& call) {
  plugin.tests(call);
};
template <class P>
concept RunsTests = requires(P& plugin, Call& call, const TestRun& run) {
  plugin.run(call, run);
};

template <class P>
struct DiagTable {
  static_assert(ListsTests<P> == RunsTests<P>, "tests() and run() come together");

  static const void* find(std::string_view id) {
    if constexpr (RunsTests<P>) {
      if (id == FH_DIAG_ID) return &kTable;
    }
    return nullptr;
  }

 private:
  static int32_t tests(void* self, const fh_call* given) noexcept {
    return in_call<P>(self, given, [](P& plugin, Call& call) { return plugin.tests(call); });
  }
  static int32_t run(void* self, const fh_call* given, const fh_test_run* run) noexcept {
    return in_call<P>(self, given,
                      [run](P& plugin, Call& call) { return plugin.run(call, TestRun(run)); });
  }
  static constexpr fh_diag kTable{sizeof(fh_diag), 0, &tests, &run};
};

}  // namespace farmhand
