// SPDX-License-Identifier: Apache-2.0
#include "file.hh"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace farmhand::node {

namespace {

// /proc/stat of a machine with 256 cores has some 40 KiB; nothing here is meant to be larger than
// this.
constexpr size_t kBytesMax = 4 << 20;

}  // namespace

File::~File() {
  if (fd_ >= 0) close(fd_);
}

Content File::failed(int error) {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  return {status_from_errno(error), error, {}};
}

Content File::read() {
  if (fd_ < 0) fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) return failed(errno);
  content_.clear();
  char chunk[16 * 1024];  // most files whole, so that their lines are of one moment
  for (;;) {
    const ssize_t got = pread(fd_, chunk, sizeof chunk, static_cast<off_t>(content_.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno);
    if (content_.size() > kBytesMax) return failed(EFBIG);
    if (got == 0) return {FH_SAMPLE_OK, 0, content_};
    content_.append(chunk, static_cast<size_t>(got));
  }
}

}  // namespace farmhand::node
