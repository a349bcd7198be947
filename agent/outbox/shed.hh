// SPDX-License-Identifier: Apache-2.0
// Making room, inside the transaction that needs it: applied rows go first, then lane 4 thins and
// drops, lanes 3 and 2 drop. Lanes 0 and 1 never do.
#pragma once

#include "outbox/tables.hh"

namespace farmhand {

class Shedder {
 public:
  Shedder(Tables& tables, const ByteBudget& budget, const Stamp& now)
      : t_(tables), budget_(budget), now_(now) {}

  using Incoming = std::array<uint64_t, kLaneCount>;  // disk cost per lane

  // Lanes 0 and 1 could not take `incoming` even without their tail.
  bool must_refuse(Lane lane, const Incoming& incoming) const;

  // After this every lane has room for `incoming`, and so has the file. `disk_full`: inside the
  // pages that the file has already.
  Result<void> make_room(const Incoming& incoming, bool disk_full);

  // Applied rows beyond the tail's budget go; also the old ones, when `check_age`.
  Result<void> trim_tails(bool check_age);

 private:
  Result<bool> trim(Lane lane, uint64_t bytes, bool check_age);
  Result<bool> shed_one(Lane lane);
  Result<bool> thin_one(Lane lane, Place after);
  Result<void> make_room_in_lane(Lane lane, uint64_t incoming);
  Result<void> make_room_in_file(uint64_t incoming, bool disk_full);
  bool expired(const Row& row) const;

  Tables& t_;
  const ByteBudget& budget_;
  const Stamp& now_;
};

}  // namespace farmhand
