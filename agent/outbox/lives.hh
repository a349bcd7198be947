// SPDX-License-Identifier: Apache-2.0
// Epochs: where a new life of the outbox begins, and how rows that belong to no other life move
// into it.
#pragma once

#include <utility>
#include <vector>

#include "outbox/outbox.hh"
#include "outbox/tables.hh"

namespace farmhand {

struct Lives {
  Tables& t;
  EpochStore& epochs;
  const OutboxEncoders& encoders;
  const Stamp& now;

  // Rows of a lane after this place are not in the old epoch any more, as far as others know.
  using Moves = std::vector<std::pair<Lane, Place>>;

  // A new epoch, newer than all that is known and than `counter_min`: durable in the EpochStore
  // first. Its first record is the epoch start; then the moving rows follow.
  Result<void> begin(uint64_t counter_min, const Moves& moves);

  // Also at open: a crash may have come in between. In pieces, as the WAL is bounded.
  Result<void> finish_moves();

  // Every lane, as at hello.
  std::vector<Position> positions() const;

 private:
  std::vector<Position> ends_told(const Moves& moves) const;
  Result<void> end_epoch(const Moves& moves);
  Result<bool> move_some(Lane lane, Place after);
};

}  // namespace farmhand
