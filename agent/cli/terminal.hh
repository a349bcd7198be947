// SPDX-License-Identifier: Apache-2.0
// What we write to: a terminal of some width, with or without colour, or a pipe, which gets
// everything and no colour.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace farmhand::cli {

enum class Tone { kPlain, kGood, kWarn, kBad, kDim, kBold };

struct Terminal {
  bool colour = false;
  std::optional<size_t> columns;  // none: not a terminal, nothing is shortened

  // Looks at stdout, NO_COLOR (no-color.org) and TERM.
  static Terminal of_stdout(bool no_colour);

  std::string painted(std::string_view text, Tone tone) const;
};

// How many columns UTF-8 text takes; every character we print takes one.
size_t width_of(std::string_view text);

// At most `columns` wide, the end of a longer text replaced by `…`.
std::string shortened(std::string_view text, size_t columns);

// Names and notes come from plugins and other machines: their control characters, which could move
// the cursor or recolour the screen, become `?`.
std::string harmless(std::string_view text);

}  // namespace farmhand::cli
