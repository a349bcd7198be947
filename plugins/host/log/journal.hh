// SPDX-License-Identifier: Apache-2.0
// The kernel's messages out of the journal, by a `journalctl` that follows it.
#pragma once

#include <sys/types.h>

#include <memory>

#include "log/log_source.hh"

namespace farmhand::command {
struct Pipe;
}

namespace farmhand::node {

// One entry as `journalctl --output=json` prints it; nothing if it is none.
std::optional<LogRecord> record_from_json(std::string_view line);

class Journal : public LogSource {
 public:
  explicit Journal(std::string program);
  ~Journal() override;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  bool is_open() const override { return pid_ > 0; }
  int open() override;
  void close() override;
  std::vector<LogRecord> take(size_t most, int wait_ms) override;
  std::string problem() const override { return problem_; }

 private:
  void read_some(size_t most, std::vector<LogRecord>* into);
  void look_at_errors();

  std::string program_;
  pid_t pid_ = 0;
  std::unique_ptr<command::Pipe> out_, errors_;
  std::string partial_, said_, problem_;
};

}  // namespace farmhand::node
