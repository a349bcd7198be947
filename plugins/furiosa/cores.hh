// SPDX-License-Identifier: Apache-2.0
// A range of a card's cores, as the driver names its nodes: `3`, `0-1`, `4-7`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace farmhand::furiosa {

inline constexpr uint32_t kCoresMax = 64;  // of a card; the library's own limit

struct CoreRange {
  uint32_t first = 0;
  uint32_t last = 0;

  uint32_t count() const { return last - first + 1; }
  bool contains(const CoreRange& other) const { return first <= other.first && other.last <= last; }
  bool operator==(const CoreRange&) const = default;
};

// `0-1`; nothing for what is no range.
std::optional<CoreRange> range_from(std::string_view text);

// `0,1,0-1`: every range, by size and place. Nothing if one of them is none: half a list would be a
// guess.
std::optional<std::vector<CoreRange>> ranges_from(std::string_view list);

// What stands in for `0-1`: a single core is `3`.
std::string name_of(const CoreRange& range);

void sort_ranges(std::vector<CoreRange>* ranges);

}  // namespace farmhand::furiosa
