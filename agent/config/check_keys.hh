// SPDX-License-Identifier: Apache-2.0
// The keys of a [[command]] and of a [[rule]], and what a definition must make of them as a whole.
// Internal to this folder.
#pragma once

#include "config/check_file.hh"
#include "config/keys.hh"

namespace farmhand {

const Keys<CommandDefinition>& command_keys();
const Keys<RuleDefinition>& rule_keys();

void check_definition(const toml::Value& table, const CommandDefinition& command, Problems&);
void check_definition(const toml::Value& table, const RuleDefinition& rule, Problems&);

}  // namespace farmhand
