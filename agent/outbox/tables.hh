// SPDX-License-Identifier: Apache-2.0
// An open queue file: its connection, its rows and registers, and the accounts that tie them
// together. After any error it is dropped and opened anew: what a failed fsync left behind is not
// known (PostgreSQL's fsync errors of 2018), and neither is what is in memory here.
#pragma once

#include <memory>

#include "outbox/quota.hh"
#include "outbox/registers.hh"
#include "outbox/rows.hh"
#include "store/database.hh"

namespace farmhand {

struct Tables {
  // Makes the schema in a new file. kUnsupported: from a newer version, which forbids us to read
  // it. kCorrupt: damaged, as far as a check of bounded time can tell.
  static Result<std::unique_ptr<Tables>> open(const std::string& path, const ByteBudget& budget,
                                              const std::string& vfs);
  static Result<std::unique_ptr<Tables>> open_once(const std::string& path,
                                                   const ByteBudget& budget,
                                                   const std::string& vfs);

  // A row comes, goes, or another takes the place of one that begins where it does. These keep the
  // lane's accounts; Rows alone does not.
  Result<void> add(const Row& row);
  Result<void> remove(const Row& head);
  Result<void> replace(const Row& head, const Row& row);

  // Turns `row` into a gap and merges it with neighbouring gaps of the same kind, none of them in
  // flight or applied.
  Result<void> make_gap(Row row, GapReason reason);

  // What `row` was, as a gap, when its checksum is wrong: its end follows from its neighbours.
  Result<Row> mended(const Row& row);

  bool in_tail(const Row& row) { return row.end() <= registers.lane(row.segment.lane).applied; }
  // Rows up to here may not be altered: applied, or given to the sender.
  Place untouchable(Lane lane);

  struct Pages {
    uint64_t used = 0, free = 0;  // of the main file
  };
  Result<Pages> pages();

  Segment segment_from(Row row) const;  // with epoch and boot in full

  sqlite::Database db;
  Rows rows;
  Registers registers;
  sqlite::Statement page_count, free_count;
  uint32_t boot = 0;                          // the number of the present one
  std::array<Place, kLaneCount> in_flight{};  // the end of what the sender has
};

constexpr uint64_t kPageBytes = 4096;

// Over the definitions of all tables and where they begin.
Result<int64_t> schema_sum(sqlite::Database& db);

}  // namespace farmhand
