// SPDX-License-Identifier: Apache-2.0
#include "store/database.hh"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/file.hh"
#include "store/statement.hh"
#include "store/wal.hh"

namespace farmhand::sqlite {

namespace {

constexpr int kPageBytes = 4096;
constexpr sqlite3_int64 kWalStepBytes = 512 << 10;
constexpr sqlite3_int64 kWriteBytes = 64 << 10;  // SQLite's files take less than 128 KiB at a time

// The kind of an I/O error is what the system call said, where SQLite still knows it.
Errc errc_of_io(sqlite3* db) {
  switch (sqlite3_system_errno(db)) {
    case ENOSPC:
    case EDQUOT:
      return Errc::kNoSpace;
    case EACCES:
    case EPERM:
      return Errc::kPermission;
    case EISDIR:
      return Errc::kInvalid;
    default:
      return Errc::kIo;
  }
}

Errc errc_from(sqlite3* db) {
  switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_FULL:
      return Errc::kNoSpace;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::kCorrupt;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Errc::kPermission;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::kUnavailable;
    case SQLITE_INTERRUPT:
      return Errc::kTimeout;
    case SQLITE_IOERR:
      // Whatever the reason of a failed fsync: it must not be tried again as a full disk may be.
      if (sqlite3_extended_errcode(db) == SQLITE_IOERR_FSYNC) return Errc::kIo;
      return errc_of_io(db);
    case SQLITE_CANTOPEN:
      return errc_of_io(db);
    case SQLITE_READONLY:
      return Errc::kIo;
    case SQLITE_CONSTRAINT:  // the values are at fault: trying again will not help
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return Errc::kInvalid;
    default:
      return Errc::kInternal;
  }
}

// A page that cannot be read is a line of the check's verdict, not an error of the statement.
bool is_read_error(std::string_view verdict) {
  constexpr std::string_view kCode = "error code=";
  const size_t at = verdict.find(kCode);
  if (at == verdict.npos) return false;
  return (std::atoi(std::string(verdict.substr(at + kCode.size())).c_str()) & 0xff) == SQLITE_IOERR;
}

// SQLite would create the file for everyone to read; its WAL takes the file's mode. An existing
// file is not even opened: closing it would drop the locks that another connection of ours may
// hold.
Result<void> create_private(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd && errno != EEXIST) return error_from_errno("create '" + path + "'", errno);
  return {};
}

}  // namespace

Error error_from(sqlite3* db, std::string_view what) {
  std::string message = std::string(what) + ": " + sqlite3_errmsg(db);
  return {errc_from(db), std::move(message)};
}

void Database::Close::operator()(sqlite3* db) const {
  sqlite3_close_v2(db);
}

Database::Database(sqlite3* db, std::string path)
    : path_(std::move(path)), wal_bytes_(new uint64_t(0)), db_(db) {
  const auto on_commit = [](void* bytes, sqlite3*, const char*, int frames) {
    *static_cast<uint64_t*>(bytes) = static_cast<uint64_t>(frames) * (kPageBytes + 24);
    return SQLITE_OK;
  };
  sqlite3_wal_hook(db_.get(), on_commit, wal_bytes_.get());
}

Result<Database> Database::open(const std::string& path, const OpenOptions& options) {
  if (options.vfs.empty()) {
    if (auto created = create_private(path); !created) return created.error();
  }
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, flags,
                                 options.vfs.empty() ? nullptr : options.vfs.c_str());
  if (raw == nullptr) return Error{Errc::kInternal, "open '" + path + "': out of memory"};
  Database db(raw, path);
  sqlite3_extended_result_codes(raw, 1);
  if (rc != SQLITE_OK) return error_from(raw, "open '" + path + "'");
  if (auto configured = db.configure(options); !configured) return configured.error();
  if (auto written = db.look_at_wal(); !written) return written.error();
  // SQLite makes the name of a WAL durable only with the first sync of whoever created it.
  if (auto synced = sync_directory_of(path); !synced) return synced.error();
  return db;
}

// The order matters: exclusive before anything that reads an existing file or makes it WAL (no -shm
// file), page size and vacuum mode before the first table. FULL is one WAL fsync per commit.
// Memory-mapping has turned WAL trouble into structural damage elsewhere, and secure_delete would
// write every freed page.
Result<void> Database::configure(const OpenOptions& options) {
  if (auto done = exec("PRAGMA locking_mode=EXCLUSIVE"); !done) return done;
  auto is_new = has_no_pages();
  if (!is_new) return is_new.error();
  // For an existing file these say nothing new, and yet the second would be written.
  std::string recipe = *is_new ? "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL;" : "";
  recipe +=
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF;"
      "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;"
      "PRAGMA trusted_schema=OFF;";
  recipe += "PRAGMA journal_size_limit=" + std::to_string(options.wal_bytes_kept) + ";";
  recipe += "PRAGMA cache_size=-" + std::to_string(options.cache_kib) + ";";
  if (options.bytes_max != 0) {
    recipe += "PRAGMA max_page_count=" + std::to_string(options.bytes_max / kPageBytes) + ";";
  }
  if (auto done = exec(recipe.c_str()); !done) return done;
  // SQLite's own checkpoints hang on the hook that counts the WAL here.
  if (!options.checkpoint_self) sqlite3_wal_autocheckpoint(db_.get(), 1000);
  return {};
}

Result<bool> Database::has_no_pages() {
  auto count = Statement::prepare(*this, "PRAGMA page_count");
  if (!count) return count.error();
  Query query(*count);
  auto row = query.step();
  if (!row) return row.error();
  return *row && query.integer(0) == 0;
}

Result<void> Database::look_at_wal() {
  sqlite3_file* wal = nullptr;
  sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (wal == nullptr || wal->pMethods == nullptr) return {};
  auto look = write_wal_again(*wal, kPageBytes);
  if (!look) return look.error().in("'" + path_ + "-wal'");
  had_wal_ = look->is_there;
  commits_cut_off_ = look->commits_cut_off;
  return {};
}

Result<void> Database::exec(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return error_from(db_.get(), "'" + path_ + "'");
}

Result<void> Database::checkpoint(Checkpoint mode) {
  const int how =
      mode == Checkpoint::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  const int rc = sqlite3_wal_checkpoint_v2(db_.get(), nullptr, how, nullptr, nullptr);
  if (rc != SQLITE_OK) return error_from(db_.get(), "checkpoint '" + path_ + "'");
  *wal_bytes_ = 0;  // the next commit starts the WAL over
  return {};
}

// Zeros behind the end are no frames: the checksums of a WAL begin with its header. Allocating them
// is not enough, for the first write into an allocated block goes through the journal too.
Result<bool> Database::lengthen_wal(uint64_t bytes) {
  sqlite3_file* wal = nullptr;
  sqlite3_int64 size = 0;
  sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (wal == nullptr || wal->pMethods == nullptr) return false;  // before the first commit
  if (wal->pMethods->xFileSize(wal, &size) != SQLITE_OK) return false;
  const sqlite3_int64 missing = static_cast<sqlite3_int64>(bytes) - size;
  if (missing <= 0) return false;
  const std::string zeros(static_cast<size_t>(kWriteBytes), '\0');
  const sqlite3_int64 end = size + std::min(missing, kWalStepBytes);
  for (; size < end; size += kWriteBytes) {
    const auto count = static_cast<int>(std::min(kWriteBytes, end - size));
    if (wal->pMethods->xWrite(wal, zeros.data(), count, size) != SQLITE_OK) return false;
  }
  if (wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) != SQLITE_OK) {
    return Error{Errc::kIo, "sync '" + path_ + "-wal'"};
  }
  return missing > kWalStepBytes;
}

Result<bool> Database::quick_check(int limit_ms) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct Limit {
    int64_t end_ms;
  } limit{int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000 + limit_ms};
  const auto out_of_time = [](void* at) {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return int{int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000 >= static_cast<Limit*>(at)->end_ms};
  };
  auto statement = Statement::prepare(*this, "PRAGMA quick_check(1)");
  if (!statement) return statement.error();
  sqlite3_progress_handler(db_.get(), 1000, out_of_time, &limit);
  Result<bool> sound = true;
  {
    Query query(*statement);
    if (auto row = query.step(); !row) {
      if (row.error().code != Errc::kTimeout) sound = row.error();
    } else {
      sound = *row && query.text(0) == "ok";
      if (!*sound && is_read_error(query.text(0))) {
        sound = Error{Errc::kIo, "check '" + path_ + "': " + std::string(query.text(0))};
      }
    }
  }
  sqlite3_progress_handler(db_.get(), 0, nullptr, nullptr);
  return sound;
}

void Database::abandon() {
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<Transaction> Transaction::begin(Database& db) {
  if (auto begun = db.exec("BEGIN IMMEDIATE"); !begun) return begun.error();
  return Transaction(db);
}

Transaction::~Transaction() {
  if (db_ != nullptr) (void)db_->exec("ROLLBACK");  // fails only where SQLite has done it already
}

Result<void> Transaction::commit() {
  if (auto done = db_->exec("COMMIT"); !done) return done;
  db_ = nullptr;
  return {};
}

}  // namespace farmhand::sqlite
