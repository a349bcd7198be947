// SPDX-License-Identifier: Apache-2.0
// The kernel's log from now on, through a descriptor of our own: every reader of /dev/kmsg has its
// own place in it.
#pragma once

#include <string>
#include <vector>

#include "log/record.hh"

namespace farmhand::node {

// Used by one call at a time.
class KernelLog {
 public:
  explicit KernelLog(std::string path) : path_(std::move(path)) {}
  ~KernelLog() { close(); }
  KernelLog(const KernelLog&) = delete;
  KernelLog& operator=(const KernelLog&) = delete;

  bool is_open() const { return fd_ >= 0; }
  // From the end: what was said before is not news. 0, or an errno.
  int open();
  void close();

  // What was said since, at most `most` records; waits for some for at most `wait_ms`.
  std::vector<LogRecord> take(size_t most, int wait_ms);

  // How many records the kernel threw away, since asked last, before they could be read.
  uint64_t take_lost();

 private:
  bool read_some(std::vector<LogRecord>* into);
  void take_line_of(std::string_view line, std::vector<LogRecord>* into);

  std::string path_;
  int fd_ = -1;
  bool ended_ = false;   // an ordinary file, read to its end: poll would not wait
  std::string partial_;  // of a line; records of /dev/kmsg are always whole
  uint64_t next_sequence_ = 0;
  uint64_t lost_ = 0;
};

}  // namespace farmhand::node
