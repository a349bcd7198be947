// SPDX-License-Identifier: Apache-2.0
#include "host/outbound.hh"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "host/privilege.hh"

namespace farmhand::host {

namespace {

// An answer of many megabytes is rare; its memory is not kept for the next thousand small ones.
constexpr size_t kKeptBytes = 64 << 10;

}  // namespace

void Outbound::add(frame::Type type, std::string_view head, std::string_view body) {
  const std::lock_guard lock(mutex_);
  frame::append_frame(bytes_, type, head, body);
}

void Outbound::flush() {
  const std::lock_guard lock(mutex_);
  std::string_view left = bytes_;
  while (!left.empty()) {
    const ssize_t n = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) end_group();  // the agent is gone
    left.remove_prefix(static_cast<size_t>(n));
  }
  bytes_.clear();
  if (bytes_.capacity() > kKeptBytes) std::string().swap(bytes_);
}

}  // namespace farmhand::host
