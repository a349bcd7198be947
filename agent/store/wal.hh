// SPDX-License-Identifier: Apache-2.0
// SQLite's WAL file (sqlite.org/fileformat2.html, section 4) where SQLite itself does not look.
#pragma once

#include <sqlite3.h>

#include "base/result.hh"

namespace farmhand::sqlite {

struct WalLook {
  bool is_there = false;    // long enough to hold anything
  int commits_cut_off = 0;  // that stand behind a damaged frame, or end with it
};

// After an fsync that failed, in this process or the one before, the cache shows frames that will
// never be on the disk: Linux reports the error once and takes the pages for clean. Commits behind
// such frames would be lost with them, and a checkpoint would mix old pages with new. Writing what
// the cache shows makes it dirty again, and this fsync counts.
Result<WalLook> write_wal_again(sqlite3_file& wal, size_t page_bytes);

}  // namespace farmhand::sqlite
