// SPDX-License-Identifier: Apache-2.0
#include "store/state.hh"

namespace farmhand {

namespace {

constexpr const char kSchema[] =
#include "state.sql.inc"
    ;

}  // namespace

StateFile StateFile::closed(const std::string& path, const std::vector<Module>& modules) {
  return {path, modules};
}

Result<StateFile> StateFile::open(const std::string& path, const std::vector<Module>& modules) {
  StateFile state = closed(path, modules);
  if (auto opened = state.ensure_open(); !opened) return opened.error();
  return state;
}

Result<void> StateFile::ensure_open() {
  if (db_) return {};
  auto opened = open_tables();
  if (!opened) {
    find_ = {};
    set_ = {};
    db_.reset();
  }
  return opened;
}

Result<void> StateFile::open_tables() {
  auto db = sqlite::Database::open(path_, {.cache_kib = 128});
  if (!db) return db.error();
  db_.emplace(std::move(*db));
  auto transaction = sqlite::Transaction::begin(*db_);
  if (!transaction) return transaction.error();
  if (auto made = db_->exec(kSchema); !made) return made.error();
  for (const Module& module : modules_) {
    if (auto migrated = migrate(module); !migrated) return migrated.error();
  }
  if (auto committed = transaction->commit(); !committed) return committed.error();
  return prepare();
}

Result<void> StateFile::migrate(const Module& module) {
  size_t version = 0;
  {
    auto find = sqlite::Statement::prepare(*db_, "SELECT version FROM module WHERE name = ?");
    if (!find) return find.error();
    sqlite::Query query(*find);
    auto row = query.bind(module.name).step();
    if (!row) return row.error();
    if (*row) version = static_cast<size_t>(query.integer(0));
  }
  if (version > module.steps.size()) {
    return Error{Errc::kUnsupported,
                 "'" + path_ + "': tables '" + std::string(module.name) +
                     "' were made by a newer version: install that version again, or restore the "
                     "file from before"};
  }
  if (version == module.steps.size()) return {};
  for (; version < module.steps.size(); ++version) {
    if (auto done = db_->exec(std::string(module.steps[version]).c_str()); !done) return done;
  }
  auto note = sqlite::Statement::prepare(*db_, "INSERT OR REPLACE INTO module VALUES (?, ?)");
  if (!note) return note.error();
  return sqlite::Query(*note).bind(module.name).bind(version).run();
}

Result<void> StateFile::prepare() {
  auto find = sqlite::Statement::prepare(*db_, "SELECT value FROM meta WHERE key = ?");
  if (!find) return find.error();
  auto set = sqlite::Statement::prepare(*db_, "INSERT OR REPLACE INTO meta VALUES (?, ?)");
  if (!set) return set.error();
  find_ = std::move(*find);
  set_ = std::move(*set);
  return {};
}

Result<std::optional<std::string>> StateFile::find(std::string_view key) {
  if (auto opened = ensure_open(); !opened) return opened.error();
  sqlite::Query query(find_);
  auto row = query.bind(key).step();
  if (!row) return row.error();
  if (!*row) return std::optional<std::string>();
  return std::optional<std::string>(query.blob(0));
}

Result<void> StateFile::set(std::string_view key, std::string_view value) {
  if (auto opened = ensure_open(); !opened) return opened;
  return sqlite::Query(set_).bind(key).bind_blob(value).run();
}

}  // namespace farmhand
