// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hh"

#include <algorithm>
#include <cassert>

namespace farmhand::cli {

namespace {

constexpr size_t kGap = 2;  // between columns

// What a flexible column keeps, however much there is beside it.
size_t flexible_min(size_t columns) {
  return std::max<size_t>(12, columns / 5);
}

std::string padded(const std::string& text, const std::string& painted, size_t width,
                   Column::Align align) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return align == Column::Align::kRight ? space + painted : painted + space;
}

size_t total(const std::vector<size_t>& widths, const std::vector<bool>& shown) {
  size_t sum = 0;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (shown[i]) sum += widths[i] + (sum > 0 ? kGap : 0);
  }
  return sum;
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  assert(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

std::vector<size_t> Table::widths() const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(width_of(columns_[i].title));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  return widths;
}

std::vector<bool> Table::shown(const std::vector<size_t>& widths, const Terminal& terminal) const {
  std::vector<bool> shown(columns_.size());
  std::vector<size_t> needed = widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    shown[i] = columns_[i].spare == 0 || std::ranges::any_of(rows_, [i](const auto& row) {
                 return !row[i].text.empty() && row[i].text != "-";
               });
    if (columns_[i].flexible)
      needed[i] = std::min(needed[i], flexible_min(terminal.columns.value_or(0)));
  }
  while (terminal.columns && total(needed, shown) > *terminal.columns) {
    size_t victim = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      const bool better = victim == columns_.size() || columns_[i].spare > columns_[victim].spare;
      if (shown[i] && columns_[i].spare > 0 && better) victim = i;
    }
    if (victim == columns_.size()) break;  // only what must be shown is left: the line wraps
    shown[victim] = false;
  }
  return shown;
}

std::string Table::drawn(const Terminal& terminal) const {
  std::vector<size_t> width = widths();
  const std::vector<bool> show = shown(width, terminal);
  for (size_t i = 0; i < columns_.size(); ++i) {
    const size_t all = total(width, show);
    if (!terminal.columns || !columns_[i].flexible || all <= *terminal.columns) continue;
    const size_t excess = all - *terminal.columns;
    const size_t least = std::min(width[i], flexible_min(*terminal.columns));
    width[i] = std::max(width[i] - std::min(width[i], excess), least);
  }
  std::string out;
  const auto line = [&](const auto& cell_of) {
    std::string text;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (!show[i]) continue;
      const Cell& cell = cell_of(i);
      const std::string fitted = shortened(cell.text, width[i]);
      if (!text.empty()) text.append(kGap, ' ');
      text += padded(fitted, terminal.painted(fitted, cell.tone), width[i], columns_[i].align);
    }
    out.append(text, 0, text.find_last_not_of(' ') + 1).append("\n");
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.emplace_back(column.title, Tone::kDim);
  line([&](size_t i) -> const Cell& { return titles[i]; });
  for (const auto& row : rows_) line([&](size_t i) -> const Cell& { return row[i]; });
  return out;
}

}  // namespace farmhand::cli
