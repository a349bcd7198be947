// SPDX-License-Identifier: Apache-2.0
// Commands on their way to nodes, and what became of them. Their bytes are opaque here.
#pragma once

#include "coordinator/prepare.hh"
#include "coordinator/rows.hh"
#include "wire/record.hh"

namespace farmhand::coordinator {

class CommandTable {
 public:
  Result<void> prepare(sqlite::Database& db);

  Result<void> add(const CommandRow& command);  // kExists: this uuid was sent before
  Result<std::optional<CommandRow>> find(const Scope& scope, const Uuid& uuid);
  Result<std::vector<CommandRow>> pending(int64_t node);  // not acknowledged yet, oldest first

  // A node speaks for its own commands only; about another's it is not heard.
  Result<void> set_acked(int64_t node, const Uuid& uuid);
  Result<void> finish(int64_t node, const wire::CommandResult& result, int64_t wall_ns);

 private:
  sqlite::Statement add_, find_, pending_, set_acked_, finish_;
};

}  // namespace farmhand::coordinator
