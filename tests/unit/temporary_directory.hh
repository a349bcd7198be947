// SPDX-License-Identifier: Apache-2.0
// A directory for one test, removed with what is in it. In memory where there is /dev/shm: what a
// test says about order and content is the same there, and an fsync costs nothing.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace farmhand {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* wanted = std::getenv("TMPDIR");
    const bool shm = ::access("/dev/shm", W_OK) == 0;
    path_ = std::string(wanted != nullptr ? wanted : shm ? "/dev/shm" : "/tmp");
    path_ += "/farmhand-test-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace farmhand
