// SPDX-License-Identifier: Apache-2.0
// The kernel's log from now on, through a descriptor of our own: every reader of /dev/kmsg has its
// own place in it.
#pragma once

#include "log/log_source.hh"

namespace farmhand::node {

class KernelLog : public LogSource {
 public:
  explicit KernelLog(std::string path) : path_(std::move(path)) {}
  ~KernelLog() override { KernelLog::close(); }
  KernelLog(const KernelLog&) = delete;
  KernelLog& operator=(const KernelLog&) = delete;

  bool is_open() const override { return fd_ >= 0; }
  int open() override;
  void close() override;
  std::vector<LogRecord> take(size_t most, int wait_ms) override;
  uint64_t take_lost() override;

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
