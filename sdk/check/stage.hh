// SPDX-License-Identifier: Apache-2.0
// Where a test's process stands: written by it, read by the runner after its death. So a crash or a
// hang can be named by the call it happened in.
#pragma once

#include <cstdint>
#include <string>

namespace farmhand::check {

struct Stage {
  char operation[160];  // the call into the plugin in progress; empty: none
  char fault[240];      // what the fault handler recognised
};

// The process's page, shared with its children. Made on first use.
Stage& stage();

__attribute__((format(printf, 1, 2))) void at(const char* format, ...);
void at_rest();

// Names faults in guarded memory (guard.hh), then lets the process die of them.
void catch_faults();

}  // namespace farmhand::check
