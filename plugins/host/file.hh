// SPDX-License-Identifier: Apache-2.0
// A file of /proc or /sys that is read again and again through one descriptor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

// A file read once: trimmed of blanks at its ends; empty if it cannot be read.
std::string word_in_file(const std::string& path);

// The names in a folder, sorted; none if it cannot be read.
std::vector<std::string> names_in(const std::string& path);

// What errno says about a reading, as FH_SAMPLE_*.
int32_t status_from_errno(int error);

}  // namespace farmhand::node
