// SPDX-License-Identifier: Apache-2.0
#include "file.hh"

#include <dirent.h>
#include <errno.h>
#include <farmhand/telemetry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace farmhand::node {

namespace {

// /proc/stat of a machine with 256 cores has some 40 KiB; nothing here is meant to be larger than
// this.
constexpr size_t kBytesMax = 4 << 20;

}  // namespace

// EINVAL is what /sys answers for what makes no sense now, such as the speed of a link that is
// down.
int32_t status_from_errno(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
    case ENXIO:
    case EOPNOTSUPP:
    case EINVAL:
      return FH_SAMPLE_NOT_SUPPORTED;
    case EACCES:
    case EPERM:
      return FH_SAMPLE_NO_PERMISSION;
    default:
      return FH_SAMPLE_ERROR;
  }
}

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

std::string word_in_file(const std::string& path) {
  File file(path);
  const std::string_view text = file.read().text;
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  const size_t last = text.find_last_not_of(" \t\r\n");
  return std::string(text.substr(first, last - first + 1));
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), &closedir);
  if (!folder) return names;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace farmhand::node
