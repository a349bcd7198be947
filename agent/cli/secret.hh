// SPDX-License-Identifier: Apache-2.0
// A token from a file or from standard input, never from the command line, where every process of
// the machine could read it.
#pragma once

#include <string>

#include "base/result.hh"

namespace farmhand::cli {

// The first line of the file; `-` is standard input.
Result<std::string> secret_from(const std::string& path);

}  // namespace farmhand::cli
