// SPDX-License-Identifier: Apache-2.0
#include "mounts.hh"

#include <algorithm>
#include <farmhand/parse.hh>
#include <iterator>

namespace farmhand::node {

namespace {

constexpr std::string_view kLocalKinds[] = {"ext2", "ext3",  "ext4",  "xfs", "btrfs", "f2fs",
                                            "vfat", "exfat", "ntfs3", "zfs", "jfs",   "bcachefs"};

bool has_option(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    const size_t comma = std::min(options.find(','), options.size());
    if (options.substr(0, comma) == wanted) return true;
    options.remove_prefix(std::min(comma + 1, options.size()));
  }
  return false;
}

// `36 35 98:0 /root /place rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue`
Mount mount_from(std::string_view line) {
  Mount mount;
  take_word(&line);  // mount id
  take_word(&line);  // parent id
  mount.number = take_word(&line);
  take_word(&line);  // root within the file system
  mount.place = unescaped(take_word(&line));
  while (!line.empty() && take_word(&line) != "-") continue;  // options, optional fields
  mount.kind = take_word(&line);
  mount.device = unescaped(take_word(&line));
  mount.read_only = has_option(take_word(&line), "ro");
  return mount;
}

}  // namespace

bool is_local_kind(std::string_view kind) {
  return std::find(std::begin(kLocalKinds), std::end(kLocalKinds), kind) != std::end(kLocalKinds);
}

std::string unescaped(std::string_view text) {
  std::string out;
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      out.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                      (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::vector<Mount> local_mounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  while (!mountinfo.empty()) {
    Mount mount = mount_from(take_line(&mountinfo));
    if (!is_local_kind(mount.kind)) continue;
    const bool known = std::any_of(mounts.begin(), mounts.end(), [&](const Mount& other) {
      return other.number == mount.number || other.place == mount.place;
    });
    if (!known) mounts.push_back(std::move(mount));
  }
  return mounts;
}

}  // namespace farmhand::node
