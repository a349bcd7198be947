// SPDX-License-Identifier: Apache-2.0
// The command table of state.db (commands.sql). Used on the store thread only.
#pragma once

#include <string>
#include <vector>

#include "base/ids.hh"
#include "store/state.hh"
#include "store/statement.hh"

namespace farmhand {

class CommandStore {
 public:
  struct Row {
    Uuid uuid;
    std::string payload;
    std::string result;  // the encoded record; empty: none yet
  };
  // Statements are prepared at the first use: the constructor runs on the loop.
  explicit CommandStore(StateFile& state) : state_(state) {}

  Result<bool> add(const Uuid& uuid, std::string_view payload);  // false: known already
  Result<bool> take_attempt(const Uuid& uuid, uint32_t max_attempts);
  Result<void> set_result(const Uuid& uuid, std::string_view record);
  Result<void> set_reported(const Uuid& uuid);
  Result<std::vector<Row>> unreported();
  Result<std::string> find_result(const Uuid& uuid);  // empty: none yet
  void close();  // lets go of the statements: they belong to this thread

 private:
  Result<void> prepare();
  static Result<bool> run_to_end(sqlite::Query& query);

  StateFile& state_;
  bool prepared_ = false;
  sqlite::Statement add_, take_attempt_, set_result_, set_reported_, unreported_, find_result_;
};

}  // namespace farmhand
