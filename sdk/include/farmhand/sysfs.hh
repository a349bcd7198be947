// SPDX-License-Identifier: Apache-2.0
// Files of /sys, /proc and /dev below a root that a setting can move, so that a tree of files can
// stand in for a machine:
//
//   const farmhand::Root root(settings.text("root", "/"));
//   const farmhand::Text serial = farmhand::read_text(root / "sys/class/acme/acme0/serial");
//   call.sample(kClock, …)  or  farmhand::give(call, kClock, farmhand::read_number(path, 1e-6));
//
// Every read is bounded in size and opens with O_NONBLOCK; what a driver does inside of a read is
// not in our hands, so these belong into [worker] and [long] calls.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "farmhand/parse.hh"
#include "farmhand/reading.hh"

namespace farmhand {

class Root {
 public:
  explicit Root(std::string path = "/") : path_(std::move(path)) {
    while (path_.ends_with('/')) path_.pop_back();
  }
  // `root / "sys/class/accel"`. The text has no leading slash.
  std::string operator/(std::string_view below) const { return path_ + "/" + std::string(below); }
  // A path of this machine as a job sees it: without the root.
  std::string_view outside(std::string_view path) const {
    return path.starts_with(path_) ? path.substr(path_.size()) : path;
  }

 private:
  std::string path_;
};

// FH_SAMPLE_OK and the content without blanks at its ends, or why there is none. An empty file is
// OK and empty: whether that is nonsense, the caller knows.
struct Text {
  int32_t status = FH_SAMPLE_UNKNOWN;
  int error = 0;  // the errno behind a bad status
  std::string text;

  bool ok() const { return status == FH_SAMPLE_OK; }
};

inline constexpr size_t kFileBytesMax = 64 * 1024;

// The whole file. One that is larger than `bytes_max` is an error: half of it would be a guess.
inline Text read_text(const std::string& path, size_t bytes_max = kFileBytesMax) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  Text content{fd >= 0 ? FH_SAMPLE_OK : status_from_errno(errno), fd >= 0 ? 0 : errno, {}};
  char chunk[4096];
  while (fd >= 0 && content.error == 0) {
    const ssize_t got = read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) content.error = errno;
    if (got > 0) content.text.append(chunk, static_cast<size_t>(got));
    if (content.text.size() > bytes_max) content.error = EFBIG;
    if (got <= 0) break;
  }
  if (fd >= 0) close(fd);
  if (content.error != 0) return {status_from_errno(content.error), content.error, {}};
  content.text = std::string(trimmed(content.text));
  return content;
}

// The content as a word for a record: made UTF-8, empty if it cannot be read.
inline std::string word_in_file(const std::string& path) {
  return clean(read_text(path).text);
}

// The one number in a file, times `factor`. Anything else in it is an error.
inline Reading read_number(const std::string& path, double factor = 1) {
  const Text content = read_text(path);
  if (!content.ok()) return no_reading(content.status);
  const auto number = only_number_in(content.text);
  return number ? scaled(good(*number), factor) : no_reading(FH_SAMPLE_ERROR);
}

// The one whole number in a file, for identities and states; `0x` if it is hexadecimal.
inline std::optional<int64_t> find_integer(const std::string& path) {
  return integer_from(read_text(path).text);
}
inline std::optional<uint64_t> find_hex(const std::string& path) {
  return hex_from(read_text(path).text);
}

// The names in a folder, sorted, without the hidden ones. A folder that is not there and one that
// may not be read have no names, and a status that says which.
struct Names {
  int32_t status = FH_SAMPLE_OK;
  int error = 0;
  std::vector<std::string> names;

  bool ok() const { return status == FH_SAMPLE_OK; }
  auto begin() const { return names.begin(); }
  auto end() const { return names.end(); }
};

inline Names names_in(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), &closedir);
  if (!folder) return {status_from_errno(errno), errno, {}};
  Names found;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] != '.') found.names.emplace_back(entry->d_name);
  }
  std::sort(found.names.begin(), found.names.end());
  return found;
}

inline bool exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

// The last part of where a link leads: the name of a driver, the address of a device. Empty if
// there is no such link.
inline std::string link_name(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), target, sizeof target);
  if (size <= 0) return {};
  const std::string_view whole(target, static_cast<size_t>(size));
  return std::string(whole.substr(whole.rfind('/') + 1));
}

// The path with every link followed; empty if it leads nowhere.
inline std::string resolved(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), &free);
  return real ? std::string(real.get()) : std::string();
}

}  // namespace farmhand
