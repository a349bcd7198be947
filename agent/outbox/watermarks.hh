// SPDX-License-Identifier: Apache-2.0
// What a watermark of the coordinator says about our disk: whether it is of our own past, and
// where.
#pragma once

#include <optional>

#include "outbox/tables.hh"

namespace farmhand {

// Where a watermark stands in our file. `ours` is false when it is of another life: beyond our end,
// or with another chain, so our disk went back or has a twin.
struct WatermarkStanding {
  bool ours = true;
  Place place;
  Chain chain{};
  std::optional<Row> cut;  // an altered row that the watermark falls into
};

class Watermarks {
 public:
  explicit Watermarks(Tables& tables) : t_(tables) {}

  // Nothing: the coordinator has none of the lane.
  Result<WatermarkStanding> judge(Lane lane, const std::optional<Watermark>& theirs);

  // Moves the lane's applied place to the finding, either way. Within a transaction if
  // `writes(finding)`; else only the register changes.
  bool writes(Lane lane, const WatermarkStanding& finding);
  Result<void> apply(Lane lane, const WatermarkStanding& finding);

 private:
  Result<WatermarkStanding> judge_known(Lane lane, uint32_t epoch, const Watermark& theirs);
  Result<WatermarkStanding> judge_rival(Lane lane, uint32_t epoch);
  Result<bool> nothing_left_of(Lane lane, uint32_t epoch);
  Result<void> cut(const WatermarkStanding& finding);
  Result<void> account(Lane lane, Place low, Place high, bool forward);
  Result<void> put_expired(Lane lane, Place from, Place upto, const Chain& chain);

  Tables& t_;
};

}  // namespace farmhand
