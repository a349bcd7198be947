// SPDX-License-Identifier: Apache-2.0
#include "coordinator/store.hh"

#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "base/log.hh"

namespace farmhand::coordinator {
namespace {

constexpr char kSchema[] =
#include "health.sql.inc"
#include "schema.sql.inc"
    ;
constexpr int64_t kVersion = 3;
// From each version to the next, the first from 1.
constexpr const char* kUpgrades[] = {
    "ALTER TABLE epoch_end ADD COLUMN told_by INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE device ADD COLUMN verdict INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN hold INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN hold_why TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE device ADD COLUMN hold_by TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE device ADD COLUMN hold_since_ns INTEGER NOT NULL DEFAULT 0;"
#include "health.sql.inc"
    ,
};
static_assert(std::size(kUpgrades) == kVersion - 1);
constexpr int kCacheKib = 32 << 10;
constexpr uint64_t kWalBytes = 16 << 20;  // a shorter WAL writes pages back that change again soon

Result<int64_t> number(sqlite::Database& db, std::string_view sql) {
  auto statement = sqlite::Statement::prepare(db, sql);
  if (!statement) return statement.error();
  sqlite::Query query(*statement);
  auto row = query.step();
  if (!row) return row.error();
  return *row ? query.integer(0) : 0;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
  sqlite::OpenOptions options;
  options.cache_kib = kCacheKib;
  options.checkpoint_self = true;
  options.wal_bytes_kept = kWalBytes * 3 / 2;
  auto db = sqlite::Database::open(path, options);
  if (!db) return db.error();
  std::unique_ptr<Store> store(new Store(std::move(*db)));
  if (auto done = store->create_or_check(); !done) return done.error();
  if (auto done = store->prepare(); !done) return done.error();
  return store;
}

// Opening a file whose owner was killed replays its WAL, as the owner's next start would: nothing
// else is written.
Result<std::unique_ptr<Store>> Store::open_to_read(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return error_from_errno("open '" + path + "'", errno);
  auto store = open(path);
  if (!store) return store;
  if (auto done = (*store)->db_.exec("PRAGMA query_only=ON"); !done) return done.error();
  return store;
}

Result<void> Store::create_or_check() {
  auto tables = number(db_, "SELECT count(*) FROM sqlite_master WHERE name = 'meta'");
  if (!tables) return tables.error();
  if (*tables == 0) {
    auto transaction = begin();
    if (!transaction) return transaction.error();
    if (auto done = db_.exec(kSchema); !done) return done;
    return transaction->commit();
  }
  auto min_reader = number(db_, "SELECT value FROM meta WHERE key = 'min_reader'");
  if (!min_reader) return min_reader.error();
  if (*min_reader > kVersion)
    return Error{Errc::kUnsupported, "'" + db_.path() +
                                         "' was written by a newer farmhand-coordinator; install "
                                         "that version again"};
  return upgrade();
}

Result<void> Store::upgrade() {
  auto version = number(db_, "SELECT value FROM meta WHERE key = 'schema'");
  if (!version) return version.error();
  if (*version < 1 || *version >= kVersion) return {};  // newer ones permit our reading
  auto transaction = begin();
  if (!transaction) return transaction.error();
  for (int64_t step = *version; step < kVersion; ++step)
    if (auto done = db_.exec(kUpgrades[step - 1]); !done) return done;
  const std::string note =
      "UPDATE meta SET value = " + std::to_string(kVersion) + " WHERE key = 'schema'";
  if (auto done = db_.exec(note.c_str()); !done) return done;
  return transaction->commit();
}

Result<void> Store::prepare() {
  if (auto done = nodes.prepare(db_); !done) return done;
  if (auto done = lanes.prepare(db_); !done) return done;
  if (auto done = devices.prepare(db_); !done) return done;
  if (auto done = commands.prepare(db_); !done) return done;
  if (auto done = tokens.prepare(db_); !done) return done;
  if (auto done = health.prepare(db_); !done) return done;
  return fleet.prepare(db_);
}

void Store::tidy() {
  if (db_.wal_bytes() < kWalBytes) return;
  if (auto done = db_.checkpoint(sqlite::Database::Checkpoint::kPassive); !done)
    log::warn("checkpoint failed, trying again later", {{"error", done.error().message}});
}

Result<FarmReport> check_farm(Store& store) {
  auto ledgers = store.lanes.ledgers();
  if (!ledgers) return ledgers.error();
  FarmReport report;
  for (const LaneLedger& ledger : *ledgers) report.lanes.push_back(check_lane(ledger));
  return report;
}

}  // namespace farmhand::coordinator
