// SPDX-License-Identifier: Apache-2.0
// What the commands about health share, of this node and of the fleet.
#pragma once

#include "cli/command.hh"
#include "cli/draw.hh"

namespace farmhand::cli {

// As monitoring-plugins: 0 ok, 1 warn, 2 fail, 3 unknown and whatever else is said.
int exit_code_of_verdict(const Document& document);

Cell verdict_cell(const Document& object, std::string_view name = "verdict");
Cell hold_cell(const Document& hold);             // `cordoned`, or a dash
std::string hold_sentence(const Document& hold);  // `cordoned by ann: new riser; until …`

// `1 fail, 2 unknown, 5 ok`, what is none left out.
std::string counted_verdicts(const Document& counts, const Terminal& terminal);

// `90s`, `30m`, `12h`, `7d` in seconds; kInvalid for another text. Empty is empty.
Result<std::string> seconds_of_age(const std::string& age);

std::string drawn_transitions(const Document& document, const Terminal& terminal);

}  // namespace farmhand::cli
