// SPDX-License-Identifier: Apache-2.0
// What the nodes' checks conclude now, and how it came to that.
#pragma once

#include <string>
#include <vector>

#include "coordinator/prepare.hh"
#include "coordinator/rows.hh"
#include "wire/health.hh"

namespace farmhand::coordinator {

struct HistoryQuery {
  std::string node;    // its id or host name; empty: of all
  std::string device;  // empty: of all
  int64_t since_ns = 0;
  int64_t rows_max = 1000;  // the newest
};

class HealthTable {
 public:
  Result<void> prepare(sqlite::Database& db);

  // One that is known by its uuid has no effect, nor has one that is older than all that a full
  // history still knows: it may have been known once.
  Result<void> add(int64_t node, const wire::HealthTransition& transition, int64_t wall_ns);
  Result<void> prune();  // after some were added
  void set_history_max(int64_t rows) { history_max_ = rows; }

  Result<std::vector<CheckRow>> checks(const Scope& scope);
  Result<std::vector<TransitionRow>> history(const Scope& scope, const HistoryQuery& query);
  // Devices and nodes that failed more than once since then, the worst first.
  Result<std::vector<OffenderRow>> offenders(const Scope& scope, int64_t since_ns);

 private:
  Result<bool> too_old(int64_t wall_ns);

  // About 400 bytes each: 40 MB, and months of a farm whose flapping checks are damped.
  int64_t history_max_ = 100'000;
  sqlite::Statement known_, oldest_, add_, set_, count_, prune_, checks_, history_, offenders_;
};

}  // namespace farmhand::coordinator
