// SPDX-License-Identifier: Apache-2.0
// SQLite, owned: a Database and what runs on it. One connection per file, used by one thread at a
// time (the store thread), opened by the recipe below and by no other.
//
//   Transaction  rolls back unless committed
//   Statement    prepared once, kept for the life of its store (statement.hh)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hh"

struct sqlite3;

namespace farmhand::sqlite {

// Every file is opened with one connection: locking_mode EXCLUSIVE before journal_mode WAL (so
// there is no -shm file), page_size 4096, auto_vacuum INCREMENTAL, synchronous FULL.
struct OpenOptions {
  int cache_kib = 256;           // page cache; a larger transaction spills into the WAL
  uint64_t bytes_max = 0;        // of the main file, 0: no bound
  bool checkpoint_self = false;  // the owner calls checkpoint(); else every 1000 pages
  // A longer WAL file is cut to this when it starts over. More than the WAL has at a checkpoint: a
  // commit that makes its file longer waits for the file system's journal, and so for whatever else
  // is being written there; one into blocks that exist waits for the disk alone.
  uint64_t wal_bytes_kept = 8 << 20;
  std::string vfs = {};  // empty: the system's; tests inject faults with their own
};

class Database {
 public:
  static Result<Database> open(const std::string& path, const OpenOptions& options);

  // Any number of statements without parameters or results.
  Result<void> exec(const char* sql);

  // Writes WAL pages back into the file. kPassive never waits; kTruncate also empties the WAL file.
  enum class Checkpoint { kPassive, kTruncate };
  Result<void> checkpoint(Checkpoint mode);
  uint64_t wal_bytes() const { return *wal_bytes_; }  // as of the last commit

  // Makes the WAL file a step longer, in blocks that are written and synced, until it has `bytes`:
  // before commits need them. True: there is more to do. A disk without room ends it.
  Result<bool> lengthen_wal(uint64_t bytes);

  // What was found at opening: a WAL, and how many commits stand in it behind
  // a frame that is damaged. One such may be what a power cut tore; two were on the disk once.
  bool had_wal() const { return had_wal_; }
  int commits_cut_off() const { return commits_cut_off_; }

  // `quick_check`, given up after `limit_ms`: true when sound as far as it got.
  Result<bool> quick_check(int limit_ms);

  // Closing will not write the WAL back: for a connection that failed, whose pages may not be what
  // is on disk. Whoever opens the file next recovers from the WAL.
  void abandon();

  const std::string& path() const { return path_; }
  sqlite3* raw() const { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  Database(sqlite3* db, std::string path);
  Result<void> configure(const OpenOptions& options);
  Result<bool> has_no_pages();
  Result<void> look_at_wal();

  std::string path_;
  std::unique_ptr<uint64_t> wal_bytes_;  // on the heap: SQLite's hook keeps its address
  std::unique_ptr<sqlite3, Close> db_;
  bool had_wal_ = false;
  int commits_cut_off_ = 0;
};

// What SQLite last said about `db`, with the kind that belongs to it: full and over-quota disks are
// kNoSpace, damage is kCorrupt, missing rights kPermission, values that the schema does not take
// kInvalid, the rest kIo or kInternal.
Error error_from(sqlite3* db, std::string_view what);

// `BEGIN IMMEDIATE` … `COMMIT`.
class Transaction {
 public:
  static Result<Transaction> begin(Database& db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  ~Transaction();

  Result<void> commit();

 private:
  explicit Transaction(Database& db) : db_(&db) {}
  Database* db_;  // null once committed
};

}  // namespace farmhand::sqlite
