// SPDX-License-Identifier: Apache-2.0
// A file of /proc or /sys that is read again and again through one descriptor.
#pragma once

#include <cstdint>
#include <farmhand/sysfs.hh>
#include <string>
#include <string_view>

namespace farmhand::node {

// FH_SAMPLE_OK and the content, or why there is none.
struct Content {
  int32_t status;
  int error;              // the errno behind a bad status
  std::string_view text;  // valid until the next read of this file
};

class File {
 public:
  explicit File(std::string path) : path_(std::move(path)) {}
  ~File();
  File(File&& other) noexcept
      : path_(std::move(other.path_)), content_(std::move(other.content_)), fd_(other.fd_) {
    other.fd_ = -1;
  }
  File& operator=(File&&) = delete;
  File(const File&) = delete;

  // From the start. Opens at the first read and after a failed one: the device may be back.
  Content read();

 private:
  Content failed(int error);

  std::string path_;
  std::string content_;
  int fd_ = -1;
};

}  // namespace farmhand::node
