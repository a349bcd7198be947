// SPDX-License-Identifier: Apache-2.0
// Shell completion, written from the command line's own tree, so that it cannot disagree with
// --help. packaging/completion holds what this writes; a test compares.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace farmhand::cli {

// `shell`: bash, zsh or fish.
Result<std::string> completion_for(std::string_view shell, const CLI::App& app);

}  // namespace farmhand::cli
