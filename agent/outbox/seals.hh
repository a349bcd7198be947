// SPDX-License-Identifier: Apache-2.0
// What makes the registers' rows believable: checksums, and copies on other pages of what cannot be
// done without. FORMAT.md says what is where.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "outbox/registers.hh"

namespace farmhand {

uint32_t sum_of(size_t lane, const LaneState& state);
uint32_t sum_of(uint32_t id, const Epoch& epoch);
uint32_t sum_of(uint32_t epoch, Lane lane, const EpochEnd& end);

// Whether the sum in `column` is `sum`. What is read from a damaged page may look like a row of
// NULLs: only a file without sums may have them.
bool sum_is(const sqlite::Query& q, int column, uint32_t sum, bool may_be_null);

// An epoch, with how far the lanes were applied when it began.
struct EpochCopy {
  uint32_t id = 0;
  Epoch epoch;
  std::array<std::pair<Place, Chain>, kLaneCount> applied;
};
std::string encode(const EpochCopy& copy);
std::optional<EpochCopy> epoch_copy_from(std::string_view bytes);  // nothing: damaged

struct EndCopy {
  uint32_t epoch = 0;
  Lane lane{};
  EpochEnd end;
};
std::string encode(const EndCopy& copy);
std::optional<EndCopy> end_copy_from(std::string_view bytes);

}  // namespace farmhand
