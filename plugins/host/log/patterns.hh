// SPDX-License-Identifier: Apache-2.0
// What the kernel's messages mean. One table, the first line that fits counts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "log/record.hh"

namespace farmhand::node {

struct LogPattern {
  // From the message's beginning; `*` stands for anything, and anything may follow.
  const char* form;
  int32_t severity;  // FH_SEVERITY_*; 0: known, and nothing to tell
  const char* reason;
  const char* what;
};

std::span<const LogPattern> log_patterns();

bool fits(std::string_view form, std::string_view text);

// Null for a message that nobody needs to hear of.
const LogPattern* find_pattern(const LogRecord& record);

// For a message that no pattern knows and that the kernel calls an error of an accelerator.
const LogPattern& driver_pattern();

// True for messages of drivers that are known to be accelerators', where the kernel does not name
// the device.
bool is_accelerator_driver(std::string_view text);

// What a message is about, so that a storm of one disk does not hide another: the PCI address, else
// the disk or file system.
std::string subject_of(const LogRecord& record);

}  // namespace farmhand::node
