// SPDX-License-Identifier: Apache-2.0
// One record of the kernel's log as /dev/kmsg gives it (linux Documentation/ABI/testing/dev-kmsg):
//
//   4,1325,93726412,-;pcieport 0000:00:1c.0: AER: Corrected error received: 0000:00:1c.0
//    SUBSYSTEM=pci
//    DEVICE=+pci:0000:00:1c.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farmhand::node {

struct LogRecord {
  uint64_t sequence = 0;
  int level = 0;     // 3 is an error, less is worse (printk's KERN_*)
  int facility = 0;  // 0 is the kernel itself; programs that write into the log are others
  std::string text;
  std::string pci;  // of the device that the kernel says it speaks of; empty: none
};

// The record whose first line this is; nothing if it is none.
std::optional<LogRecord> record_from(std::string_view line);

// Takes a further line of the same record, which begins with a blank.
void add_line(std::string_view line, LogRecord* record);

// The PCI address in a message, in full: `0000:03:00.0`, also from `[03:00.0]` and `PCI:0000:3:00`.
// Empty if it names none.
std::string pci_in(std::string_view text);

}  // namespace farmhand::node
