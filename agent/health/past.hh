// SPDX-License-Identifier: Apache-2.0
// What state.db remembers of health (health.sql): read before the store thread begins, written on
// it. The history keeps the newest kHistoryMax transitions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "device/expected.hh"
#include "health/health.hh"
#include "health/status.hh"
#include "store/state.hh"

namespace farmhand {

constexpr int kHistoryMax = 5000;

struct HealthPast {
  std::vector<std::pair<std::string, CheckStatus>> checks;  // by subject
  std::map<std::string, Hold> holds;
  std::vector<ExpectedDevice> expected;
  std::vector<Transition> unreported;
  std::vector<Transition> failures;  // to `fail`, oldest first, for the repeat offenders
};

// What changed since it was last written; one transaction.
struct HealthChanges {
  std::vector<Transition> transitions;
  std::vector<std::pair<std::string, CheckStatus>> checks;
  std::vector<std::pair<std::string, CheckStatus>> gone;
  std::map<std::string, std::optional<Hold>> holds;  // nothing: lifted
  std::map<std::string, std::optional<ExpectedDevice>> expected;

  bool empty() const;
};

Result<HealthPast> load_past(StateFile& state, int64_t since_realtime_ns);
Result<void> save_changes(StateFile& state, const HealthChanges& changes);
Result<void> mark_reported(StateFile& state, const Uuid& uuid);
Result<std::vector<Transition>> find_history(StateFile& state, const HistoryQuery& query);

}  // namespace farmhand
