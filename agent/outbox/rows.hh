// SPDX-License-Identifier: Apache-2.0
// The segment table: its rows, and the questions asked of it. Stateless but for its statements.
#pragma once

#include <functional>
#include <optional>

#include "outbox/place.hh"
#include "outbox/segment.hh"
#include "store/statement.hh"

namespace farmhand {

// A row as stored. `segment.epoch` and `segment.boot_id` stay empty here: the file knows them by
// number.
struct Row {
  uint32_t epoch = 0;
  uint32_t boot = 0;
  Chain before{};  // of the segment before it: what a gap must hand on when that one is damaged
  Segment segment;
  size_t size = 0;    // of the bytes, also where they were not read
  bool sound = true;  // false: the checksum says otherwise (known only where the bytes were read)

  Place from() const { return {epoch, segment.from}; }
  Place end() const { return {epoch, segment.to}; }
  uint64_t count() const { return segment.to - segment.from + 1; }
};

// What a row with so many bytes takes up in the file, near enough for quotas.
uint64_t disk_cost(size_t bytes);

class Rows {
 public:
  static Result<Rows> prepare(sqlite::Database& db);

  Result<void> put(const Row& row);  // replaces the one that begins at the same place
  Result<void> erase(Lane lane, Place from);
  Result<void> erase_range(Lane lane, Place first, Place last);  // by beginnings, both included

  // Rows of a lane that begin after `after`, ascending, until `use` returns false; `heads` without
  // their bytes. `use` may not change the table.
  using Use = std::function<bool(Row&)>;
  Result<void> heads(Lane lane, Place after, const Use& use);
  Result<void> whole(Lane lane, Place after, const Use& use);
  Result<void> whole_backwards(Lane lane, Place after, const Use& use);  // for a damaged file

  // The last row that begins at or before `place`; the first that begins after it and is no gap.
  Result<std::optional<Row>> find_head_at(Lane lane, Place place);
  Result<std::optional<Row>> find_first(Lane lane, Place after);
  Result<std::optional<Row>> find_first_with_records(Lane lane, Place after);
  Result<void> load_bytes(Row& row);  // and checks them: `sound`

 private:
  Result<void> each(sqlite::Statement& statement, Lane lane, Place after, const Use& use,
                    bool with_bytes);
  Result<std::optional<Row>> find(sqlite::Statement& statement, int64_t low, int64_t high);

  sqlite::Statement put_, erase_, erase_range_, heads_, whole_, whole_backwards_, head_at_, first_,
      first_with_records_, bytes_;
};

}  // namespace farmhand
