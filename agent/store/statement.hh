// SPDX-License-Identifier: Apache-2.0
// Statements and their runs.
//
//   Statement find = *Statement::prepare(db, "SELECT value FROM meta WHERE key = ?");
//   Query q(find);
//   q.bind("epoch");
//   if (auto row = q.step(); row && *row) use(q.text(0));
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "store/database.hh"

struct sqlite3_stmt;

namespace farmhand::sqlite {

// Prepared once, run through Query. Must be gone before its Database.
class Statement {
 public:
  static Result<Statement> prepare(Database& db, std::string_view sql);
  Statement() = default;  // not prepared: running it is a bug

 private:
  friend class Query;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One run of a statement: bind in order, step, read columns. Resets the statement at its end: one
// left standing on a row would keep the WAL from being checkpointed.
class Query {
 public:
  explicit Query(Statement& statement);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Bound text and blobs are borrowed until the Query ends.
  Query& bind(std::string_view text);
  Query& bind_blob(std::string_view bytes);
  Query& bind_null();
  template <std::integral T>
  Query& bind(T value) {
    return bind_int(static_cast<int64_t>(value));
  }
  Query& bind(double value);

  Result<bool> step();  // true: standing on a row
  Result<void> run();   // for statements without results

  // Columns of the row; text and blobs are valid until the next step.
  int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  bool is_null(int column) const;

 private:
  Query& bind_int(int64_t value);

  sqlite3_stmt* statement_;
  int bound_ = 0;
};

// For what is asked once in a while: prepared, bound, `use` called for each row, forgotten.
Result<void> run_once(Database& db, std::string_view sql,
                      const std::function<void(Query&)>& bind = nullptr,
                      const std::function<void(const Query&)>& use = nullptr);

}  // namespace farmhand::sqlite
