// SPDX-License-Identifier: Apache-2.0
// Small drawings that several commands share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/format.hh"
#include "cli/table.hh"
#include "cli/terminal.hh"

namespace farmhand::cli {

// Good, doubtful or bad: the colour of a word for a state.
Tone tone_of(std::string_view state);

Cell state_cell(const Document& object);  // its `status`, coloured

// A reading `{value, unit, status}`: the value in its unit, or a dash; `stale` is dimmed.
Cell reading_cell(const Document& reading);

// Eight heights, `▁▂▃▄▅▆▇█`, from `low` to `high`; a hole where there is no value.
std::string sparkline(const std::vector<std::optional<double>>& values, size_t columns);

}  // namespace farmhand::cli
