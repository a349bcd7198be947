// SPDX-License-Identifier: Apache-2.0
// What the end of a command says of health: its exit code is the verdict (0 ok, 1 warn, 2 fail, 3
// unknown), its first line the sentence, its performance data the evidence. Whatever else it does
// instead of answering is unknown, with a sentence. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/check_file.hh"
#include "loop/command.hh"
#include "plugin/finding.hh"

namespace farmhand {

Finding finding_from(const CommandDefinition& command, const Command::End& end, uint64_t now_ns);
Finding finding_from(const CommandDefinition& command, const Error& not_started, uint64_t now_ns);

// The text before the first '|' of the first line; the performance data of this line and of what
// follows a '|' in the later ones.
struct CheckOutput {
  std::string sentence;
  std::vector<Evidence> evidence;
};
CheckOutput read_check_output(std::string_view output);

}  // namespace farmhand
