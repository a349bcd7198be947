// SPDX-License-Identifier: Apache-2.0
#include "cores.hh"

#include <algorithm>
#include <farmhand/parse.hh>

namespace farmhand::furiosa {

std::optional<CoreRange> range_from(std::string_view text) {
  const size_t dash = std::min(text.find('-'), text.size());
  const auto first = integer_from<uint32_t>(text.substr(0, dash));
  const auto last = dash == text.size() ? first : integer_from<uint32_t>(text.substr(dash + 1));
  if (!first || !last || *last < *first || *last >= kCoresMax) return std::nullopt;
  return CoreRange{*first, *last};
}

std::optional<std::vector<CoreRange>> ranges_from(std::string_view list) {
  std::vector<CoreRange> ranges;
  for (size_t from = 0; from < list.size();) {
    const size_t comma = std::min(list.find(',', from), list.size());
    const auto range = range_from(trimmed(list.substr(from, comma - from)));
    if (!range) return std::nullopt;
    ranges.push_back(*range);
    from = comma + 1;
  }
  sort_ranges(&ranges);
  return ranges;
}

std::string name_of(const CoreRange& range) {
  const std::string first = std::to_string(range.first);
  return range.count() == 1 ? first : first + "-" + std::to_string(range.last);
}

void sort_ranges(std::vector<CoreRange>* ranges) {
  std::sort(ranges->begin(), ranges->end(), [](const CoreRange& a, const CoreRange& b) {
    return a.count() != b.count() ? a.count() < b.count() : a.first < b.first;
  });
  ranges->erase(std::unique(ranges->begin(), ranges->end()), ranges->end());
}

}  // namespace farmhand::furiosa
