// SPDX-License-Identifier: Apache-2.0
// A table's statements, prepared together; and the shapes of runs that every table has.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hh"
#include "base/ids.hh"
#include "store/statement.hh"

namespace farmhand::coordinator {

struct ToPrepare {
  sqlite::Statement* statement;
  std::string_view sql;
};

inline Result<void> prepare_all(sqlite::Database& db, std::initializer_list<ToPrepare> list) {
  for (const ToPrepare& one : list) {
    auto prepared = sqlite::Statement::prepare(db, one.sql);
    if (!prepared) return prepared.error();
    *one.statement = std::move(*prepared);
  }
  return {};
}

// The one row of a bound query, made by `make`; nothing when there is none.
template <typename Make>
auto row_of(sqlite::Query& query, Make make) -> Result<std::optional<decltype(make(query))>> {
  using Row = decltype(make(query));
  auto standing = query.step();
  if (!standing) return standing.error();
  if (!*standing) return std::optional<Row>{};
  return std::optional<Row>(make(query));
}

// All rows.
template <typename Make>
auto rows_of(sqlite::Query& query, Make make) -> Result<std::vector<decltype(make(query))>> {
  std::vector<decltype(make(query))> rows;
  while (true) {
    auto standing = query.step();
    if (!standing) return standing.error();
    if (!*standing) return rows;
    rows.push_back(make(query));
  }
}

inline Uuid uuid_from(std::string_view blob) {
  return Uuid{array_from<16>(blob)};
}

}  // namespace farmhand::coordinator
