// SPDX-License-Identifier: Apache-2.0
// Rows of cells, drawn with aligned columns and no lines. When the terminal is too narrow, columns
// that can be spared go first, the least needed (largest `spare`) before the others; then the one
// flexible column is shortened. A pipe gets every column in full.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.hh"

namespace farmhand::cli {

struct Column {
  std::string title;
  enum class Align { kLeft, kRight } align = Align::kLeft;
  int spare = 0;          // 0: always shown
  bool flexible = false;  // free text, may be shortened
};

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;

  Cell(std::string t, Tone shown = Tone::kPlain) : text(harmless(t)), tone(shown) {}  // NOLINT
  Cell(const char* t) : Cell(std::string(t)) {}                                       // NOLINT
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> row);  // one cell per column
  bool empty() const { return rows_.empty(); }

  // Columns in which every cell is empty or a dash are left out: they say nothing.
  std::string drawn(const Terminal& terminal) const;

 private:
  std::vector<size_t> widths() const;
  std::vector<bool> shown(const std::vector<size_t>& widths, const Terminal& terminal) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace farmhand::cli
