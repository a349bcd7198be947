// SPDX-License-Identifier: Apache-2.0
// What lies in a coordinator's store at rest: for the Model, for the checker, and as one text that
// two coordinators can be compared by.
#pragma once

#include <functional>
#include <string>

#include "base/ids.hh"
#include "model.hh"
#include "store/database.hh"

namespace farmhand::simulation {

class StoreView {
 public:
  static Result<StoreView> open(const std::string& path);

  // Every record of the archive, lane after lane, as it was applied; also where it is too much to
  // hold at once.
  using Use = std::function<void(const Delivered& record, Lane lane)>;
  Result<void> walk(const Use& use);

  Result<DeliveredLanes> delivered(const Uuid& node);

  // Every record and gap, and every derived table, without times and without what depends on which
  // commit a record was in (the ends of segments, and so the chains).
  Result<std::string> state();

 private:
  explicit StoreView(sqlite::Database db) : db_(std::move(db)) {}
  Result<void> walk_archive(const Uuid* node, const Use& use);
  Result<void> add_gaps(const Uuid& node, DeliveredLanes& lanes);
  Result<void> add_rows(std::string_view sql, std::string& text);

  sqlite::Database db_;
};

std::string hash_of_state(const std::string& state);  // 16 hex digits

}  // namespace farmhand::simulation
