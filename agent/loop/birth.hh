// SPDX-License-Identifier: Apache-2.0
// From here to a foreign program without a fork. Internal to this folder.
#pragma once

#include <sys/types.h>

#include <array>

#include "base/result.hh"
#include "loop/command.hh"

namespace farmhand {

// Starts `spec` with `fds` as its 0, 1 and 2 (each above 9). The loop stands still until the
// program runs or could not be started, which is then the error.
Result<pid_t> give_birth(const Command::Spec& spec, const std::array<int, 3>& fds);

}  // namespace farmhand
