// SPDX-License-Identifier: Apache-2.0
// Mounted local file systems.
#include <errno.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <iterator>

#include "file.hh"
#include "mounts.hh"
#include "source.hh"

namespace farmhand::node {

namespace {

constexpr uint32_t kIntervalMs = 10'000;

// clang-format off
constexpr Quantity kQuantities[] = {
    {"filesystem.size", FH_METRIC_GAUGE, FH_UNIT_BYTE, "mount", "Space there is.", kIntervalMs},
    {"filesystem.free", FH_METRIC_GAUGE, FH_UNIT_BYTE, "mount", "Space that ordinary users can still fill.", kIntervalMs},
    {"filesystem.inodes", FH_METRIC_GAUGE, FH_UNIT_NONE, "mount", "Inodes there are.", kIntervalMs},
    {"filesystem.inodes.free", FH_METRIC_GAUGE, FH_UNIT_NONE, "mount", "Inodes that can still be used.", kIntervalMs},
    {"filesystem.readonly", FH_METRIC_GAUGE, FH_UNIT_NONE, "mount", "1 if mounted read-only, as after an error.", kIntervalMs},
};
// clang-format on

class FileSystems : public Source {
 public:
  explicit FileSystems(const Roots& roots)
      : mounts_(roots.proc + "/mounts"), root_(roots.file_systems) {}

  // `device mount-point kind options`. The first mount of a device stands for its bind mounts.
  void declare() override {
    places_.clear();
    std::vector<std::string> devices;
    std::string_view text = mounts_.read().text;
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      std::string device(take_word(&line));
      std::string place = unescaped(take_word(&line));
      const std::string_view kind = take_word(&line);
      if (!is_local_kind(kind) || contains(devices, device) || contains(places_, place)) continue;
      devices.push_back(std::move(device));
      places_.push_back(std::move(place));
    }
    for (const std::string& place : places_) {
      for (const Quantity& quantity : kQuantities) add(quantity, place);
    }
  }

  void read() override {
    for (size_t i = 0; i < places_.size(); ++i) {
      const size_t first = i * std::size(kQuantities);
      bool wanted = false;
      for (size_t at = 0; at < std::size(kQuantities); ++at) wanted |= slot(first + at).wanted;
      if (wanted) read_place(root_ + places_[i], first);
    }
  }

 private:
  static bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }

  void read_place(const std::string& path, size_t first) {
    struct statvfs now {};
    if (statvfs(path.c_str(), &now) != 0) {
      const int32_t status = status_from_errno(errno);
      for (size_t at = 0; at < std::size(kQuantities); ++at) slot(first + at).status = status;
      return;
    }
    const auto block = static_cast<double>(now.f_frsize);
    slot(first).set(static_cast<double>(now.f_blocks) * block);
    slot(first + 1).set(static_cast<double>(now.f_bavail) * block);
    slot(first + 2).set(static_cast<double>(now.f_files));
    slot(first + 3).set(static_cast<double>(now.f_favail));
    slot(first + 4).set((now.f_flag & ST_RDONLY) != 0 ? 1 : 0);
    if (now.f_files != 0) return;
    // btrfs, vfat: inodes are made as needed.
    slot(first + 2).status = slot(first + 3).status = FH_SAMPLE_NOT_SUPPORTED;
  }

  File mounts_;
  std::string root_;
  std::vector<std::string> places_;
};

}  // namespace

std::unique_ptr<Source> file_system_source(const Roots& roots) {
  return std::make_unique<FileSystems>(roots);
}

}  // namespace farmhand::node
