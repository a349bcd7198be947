// SPDX-License-Identifier: Apache-2.0
#include "sync/command_store.hh"

#include "sync/commands.hh"

namespace farmhand {
namespace {

constexpr char kSql[] =
#include "commands.sql.inc"
    ;

}  // namespace

StateFile::Module commands_module() {
  return {"commands", {kSql}};
}

Result<void> CommandStore::prepare() {
  if (prepared_) return {};
  if (auto opened = state_.ensure_open(); !opened) return opened;
  const struct {
    sqlite::Statement* statement;
    const char* sql;
  } all[] = {
      {&add_,
       "INSERT INTO command(uuid, payload) VALUES (?, ?) ON CONFLICT(uuid) DO NOTHING RETURNING 1"},
      {&take_attempt_,
       "UPDATE command SET attempts = attempts + 1 WHERE uuid = ? AND attempts < ? RETURNING 1"},
      {&set_result_, "UPDATE command SET result = ? WHERE uuid = ?"},
      {&set_reported_, "UPDATE command SET reported = 1 WHERE uuid = ?"},
      {&unreported_, "SELECT uuid, payload, result FROM command WHERE reported = 0"},
      {&find_result_, "SELECT result FROM command WHERE uuid = ?"},
  };
  for (const auto& one : all) {
    auto statement = sqlite::Statement::prepare(state_.database(), one.sql);
    if (!statement) return statement.error();
    *one.statement = std::move(*statement);
  }
  prepared_ = true;
  return {};
}

// True if there was a row. The commit comes with the last step: until then nothing is durable, and
// its failure would go unseen.
Result<bool> CommandStore::run_to_end(sqlite::Query& query) {
  auto row = query.step();
  if (!row || !*row) return row;
  auto end = query.step();
  if (!end) return end.error();
  return true;
}

void CommandStore::close() {
  add_ = {};
  take_attempt_ = {};
  set_result_ = {};
  set_reported_ = {};
  unreported_ = {};
  find_result_ = {};
  prepared_ = false;
}

Result<std::string> CommandStore::find_result(const Uuid& uuid) {
  if (auto ready = prepare(); !ready) return ready.error();
  sqlite::Query query(find_result_);
  auto row = query.bind_blob(uuid.raw()).step();
  if (!row) return row.error();
  return *row ? std::string(query.blob(0)) : std::string();
}

Result<bool> CommandStore::add(const Uuid& uuid, std::string_view payload) {
  if (auto ready = prepare(); !ready) return ready.error();
  sqlite::Query query(add_);
  return run_to_end(query.bind_blob(uuid.raw()).bind_blob(payload));
}

Result<bool> CommandStore::take_attempt(const Uuid& uuid, uint32_t max_attempts) {
  if (auto ready = prepare(); !ready) return ready.error();
  sqlite::Query query(take_attempt_);
  return run_to_end(query.bind_blob(uuid.raw()).bind(max_attempts));
}

Result<void> CommandStore::set_result(const Uuid& uuid, std::string_view record) {
  if (auto ready = prepare(); !ready) return ready.error();
  return sqlite::Query(set_result_).bind_blob(record).bind_blob(uuid.raw()).run();
}

Result<void> CommandStore::set_reported(const Uuid& uuid) {
  if (auto ready = prepare(); !ready) return ready.error();
  return sqlite::Query(set_reported_).bind_blob(uuid.raw()).run();
}

Result<std::vector<CommandStore::Row>> CommandStore::unreported() {
  if (auto ready = prepare(); !ready) return ready.error();
  std::vector<Row> rows;
  sqlite::Query query(unreported_);
  while (true) {
    auto standing = query.step();
    if (!standing) return standing.error();
    if (!*standing) return rows;
    auto uuid = Uuid::from_bytes(query.blob(0));
    if (uuid) rows.push_back({*uuid, std::string(query.blob(1)), std::string(query.blob(2))});
  }
}

}  // namespace farmhand
