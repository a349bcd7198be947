// SPDX-License-Identifier: Apache-2.0
// The faults that take the whole process or its thread with them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace farmhand::sim {

// Dies as a vendor library does: by a signal, not by an exit.
[[noreturn]] void crash();

// Sleeps or burns a core until `still_on` says no; deaf to deadline and cancel token.
void hang(const std::function<bool()>& still_on);
void spin(const std::function<bool()>& still_on);

// Returns after `ms`, whatever the deadline.
void dawdle(uint64_t ms);

// Sleeps uninterruptibly: writes to a file on a frozen file system, and returns when it thaws.
void write_into_ice(const std::string& path);

}  // namespace farmhand::sim
