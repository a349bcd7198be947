// SPDX-License-Identifier: Apache-2.0
// Small files read and written whole, and descriptors that close themselves.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.hh"

namespace farmhand {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Of `a/b`, `/b` and `b`: `a`, `/` and `.`.
std::string directory_of(const std::string& path);

// At most `bytes_max` bytes; a larger file is an error, not a cut one.
Result<std::string> read_file(const std::string& path, size_t bytes_max = 1 << 20);

// Durable and all-or-nothing: written beside, fsynced, renamed over, the directory fsynced.
// `mode` as in open(2).
Result<void> write_file_atomically(const std::string& path, std::string_view content,
                                   unsigned mode = 0644);

// What was created, renamed or deleted beside `path` is durable when it returns.
Result<void> sync_directory_of(const std::string& path);

// Creates `path` and its missing parents with `mode`; an existing directory is left as it is.
Result<void> make_directories(const std::string& path, unsigned mode = 0755);

}  // namespace farmhand
