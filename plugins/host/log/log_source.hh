// SPDX-License-Identifier: Apache-2.0
// Where the kernel's messages come from: /dev/kmsg, or the journal, which may be read by a group
// where the former takes a capability.
#pragma once

#include <string>
#include <vector>

#include "log/record.hh"

namespace farmhand::node {

// Used by one call at a time.
class LogSource {
 public:
  virtual ~LogSource() = default;

  virtual bool is_open() const = 0;
  // From the end: what was said before is not news. 0, or an errno.
  virtual int open() = 0;
  virtual void close() = 0;
  // What was said since, at most about `most` records; waits for some for at most `wait_ms`.
  virtual std::vector<LogRecord> take(size_t most, int wait_ms) = 0;
  // How many records were thrown away, since asked last, before they could be read.
  virtual uint64_t take_lost() { return 0; }
  // Why it is no longer open, in words; empty if it is, or was closed.
  virtual std::string problem() const { return {}; }
};

}  // namespace farmhand::node
