// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hh"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace farmhand::fuzz {

void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

BytesFile::BytesFile(std::string_view bytes) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
  const bool written = ::fchmod(fd_, 0600) == 0 && ::write(fd_, bytes.data(), bytes.size()) ==
                                                       static_cast<ssize_t>(bytes.size());
  require(written, "a file can be written");
}

BytesFile::~BytesFile() {
  ::close(fd_);
}

std::string BytesFile::path() const {
  return "/proc/self/fd/" + std::to_string(fd_);
}

}  // namespace farmhand::fuzz
