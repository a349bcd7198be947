// SPDX-License-Identifier: Apache-2.0
#include "store/statement.hh"

#include <sqlite3.h>

#include <cassert>

namespace farmhand::sqlite {

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<Statement> Statement::prepare(Database& db, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int rc = sqlite3_prepare_v3(db.raw(), sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (rc != SQLITE_OK) return error_from(db.raw(), "prepare \"" + std::string(sql) + "\"");
  Statement statement;
  statement.statement_.reset(raw);
  return statement;
}

Query::Query(Statement& statement) : statement_(statement.statement_.get()) {
  assert(statement_ != nullptr);
}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::string_view text) {
  // A view of nothing may have no address, which SQLite would take for NULL.
  const char* data = text.data() != nullptr ? text.data() : "";
  sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Query& Query::bind_blob(std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  sqlite3_bind_blob64(statement_, ++bound_, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

Query& Query::bind_null() {
  sqlite3_bind_null(statement_, ++bound_);
  return *this;
}

Query& Query::bind_int(int64_t value) {
  sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Query& Query::bind(double value) {
  sqlite3_bind_double(statement_, ++bound_, value);
  return *this;
}

Result<bool> Query::step() {
  const int rc = sqlite3_step(statement_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return error_from(sqlite3_db_handle(statement_), sqlite3_sql(statement_));
}

Result<void> Query::run() {
  auto row = step();
  if (!row) return row.error();
  assert(!*row);
  return {};
}

int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Query::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string_view Query::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return {data != nullptr ? data : "",
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Query::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {data != nullptr ? data : "",
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<void> run_once(Database& db, std::string_view sql, const std::function<void(Query&)>& bind,
                      const std::function<void(const Query&)>& use) {
  auto statement = Statement::prepare(db, sql);
  if (!statement) return statement.error();
  Query q(*statement);
  if (bind) bind(q);
  for (;;) {
    auto more = q.step();
    if (!more) return more.error();
    if (!*more) return {};
    if (use) use(q);
  }
}

}  // namespace farmhand::sqlite
