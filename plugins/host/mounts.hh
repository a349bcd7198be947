// SPDX-License-Identifier: Apache-2.0
// What is mounted. Only file systems known to be local are for asking: statvfs() on a network mount
// whose server is gone sleeps uninterruptibly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace farmhand::node {

bool is_local_kind(std::string_view kind);

// The kernel writes blanks and backslashes in paths as \040 and the like.
std::string unescaped(std::string_view text);

struct Mount {
  std::string device;  // `/dev/sda1`
  std::string number;  // `8:1`
  std::string place;
  std::string kind;
  bool read_only = false;  // the file system itself, not only this mount of it
};

// The local file systems in a /proc/self/mountinfo, each once, by the first of its mounts. Format:
// linux Documentation/filesystems/proc.rst, 3.5.
std::vector<Mount> local_mounts(std::string_view mountinfo);

}  // namespace farmhand::node
