// SPDX-License-Identifier: Apache-2.0
// Records become segments at the end of their lane, and get their sequence numbers.
#pragma once

#include <span>

#include "outbox/tables.hh"

namespace farmhand {

class Appender {
 public:
  Appender(Tables& tables, const Stamp& now) : t_(tables), now_(now) {}

  // The number of the first of `records`. Within a transaction; the lane's register is not saved.
  Result<uint64_t> append(Lane lane, std::span<const std::string> records);

  // A whole row at the end of its lane, under new numbers and in the current epoch.
  Result<void> append_row(Row row);

 private:
  Result<void> close_segment(Lane lane);

  Tables& t_;
  const Stamp& now_;
  std::string bytes_;    // of the segment being packed
  uint64_t packed_ = 0;  // records in it
};

// What `records` will take up on disk.
uint64_t cost_of(std::span<const std::string> records);

}  // namespace farmhand
