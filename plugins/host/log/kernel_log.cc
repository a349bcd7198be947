// SPDX-License-Identifier: Apache-2.0
#include "log/kernel_log.hh"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <farmhand/parse.hh>
#include <utility>

namespace farmhand::node {

namespace {

// A record is at most this large (linux kernel/printk/internal.h, PRINTK_MESSAGE_MAX 2048 since
// 6.4, CONSOLE_EXT_LOG_MAX 8192 before); a smaller buffer gives EINVAL.
constexpr size_t kRecordMax = 8192;

}  // namespace

int KernelLog::open() {
  fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd_ < 0) return errno;
  lseek(fd_, 0, SEEK_END);
  next_sequence_ = 0;
  partial_.clear();
  return 0;
}

void KernelLog::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::vector<LogRecord> KernelLog::take(size_t most, int wait_ms) {
  std::vector<LogRecord> records;
  while (records.size() < most && read_some(&records)) continue;
  if (!records.empty()) return records;
  pollfd log{fd_, POLLIN, 0};
  poll(&log, ended_ ? 0 : 1, wait_ms);
  while (records.size() < most && read_some(&records)) continue;
  return records;
}

uint64_t KernelLog::take_lost() {
  return std::exchange(lost_, 0);
}

// EPIPE: the kernel has overwritten what came next; the following read goes on after the hole,
// whose size the sequence numbers tell.
bool KernelLog::read_some(std::vector<LogRecord>* into) {
  char chunk[kRecordMax];
  const ssize_t got = read(fd_, chunk, sizeof chunk);
  if (got < 0) return errno == EPIPE || errno == EINTR;
  ended_ = got == 0;
  if (ended_) return false;
  partial_.append(chunk, static_cast<size_t>(got));
  const size_t end = partial_.rfind('\n');
  if (end == std::string::npos) return true;
  for (std::string_view text(partial_.data(), end); !text.empty();) {
    take_line_of(take_line(&text), into);
  }
  partial_.erase(0, end + 1);
  return true;
}

void KernelLog::take_line_of(std::string_view line, std::vector<LogRecord>* into) {
  if (line.starts_with(' ')) {
    if (!into->empty()) add_line(line, &into->back());
    return;
  }
  auto record = record_from(line);
  if (!record) return;
  const bool hole = next_sequence_ != 0 && record->sequence > next_sequence_;
  if (hole) lost_ += record->sequence - next_sequence_;
  next_sequence_ = record->sequence + 1;
  into->push_back(std::move(*record));
}

}  // namespace farmhand::node
