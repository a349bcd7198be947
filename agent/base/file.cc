// SPDX-License-Identifier: Apache-2.0
#include "base/file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace farmhand {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return error_from_errno("open '" + path + "'", errno);
  std::string content;
  std::array<char, 4096> chunk;
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno("read '" + path + "'", errno);
    if (n == 0) return content;
    content.append(chunk.data(), static_cast<size_t>(n));
    if (content.size() > bytes_max) {
      return Error{Errc::kInvalid,
                   "'" + path + "' is larger than " + std::to_string(bytes_max) + " bytes"};
    }
  }
}

namespace {

Result<void> write_whole(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_from_errno("write '" + path + "'", errno);
    content.remove_prefix(static_cast<size_t>(n));
  }
  if (::fsync(fd) != 0) return error_from_errno("fsync '" + path + "'", errno);
  return {};
}

}  // namespace

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_directory_of(const std::string& path) {
  const std::string dir = directory_of(path);
  const Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return error_from_errno("fsync '" + dir + "'", errno);
  return {};
}

Result<void> write_file_atomically(const std::string& path, std::string_view content,
                                   unsigned mode) {
  const std::string beside = path + ".new";
  {
    const Fd fd(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!fd) return error_from_errno("create '" + beside + "'", errno);
    if (auto written = write_whole(fd.get(), content, beside); !written) {
      ::unlink(beside.c_str());
      return written;
    }
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    return error_from_errno("rename '" + beside + "' to '" + path + "'", errno);
  }
  return sync_directory_of(path);
}

Result<void> make_directories(const std::string& path, unsigned mode) {
  for (size_t at = 1; at <= path.size(); ++at) {
    if (at < path.size() && path[at] != '/') continue;
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      return error_from_errno("create directory '" + part + "'", errno);
    }
  }
  return {};
}

}  // namespace farmhand
