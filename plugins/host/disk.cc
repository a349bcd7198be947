// SPDX-License-Identifier: Apache-2.0
// /proc/diskstats: whole disks, not their partitions.
#include <unistd.h>

#include <algorithm>

#include "file.hh"
#include "source.hh"

namespace farmhand::node {

namespace {

// clang-format off
constexpr Quantity kQuantities[] = {
    {"disk.read.bytes", FH_METRIC_COUNTER, FH_UNIT_BYTE, "disk", "Bytes read."},
    {"disk.written.bytes", FH_METRIC_COUNTER, FH_UNIT_BYTE, "disk", "Bytes written."},
    {"disk.reads", FH_METRIC_COUNTER, FH_UNIT_NONE, "disk", "Reads completed."},
    {"disk.writes", FH_METRIC_COUNTER, FH_UNIT_NONE, "disk", "Writes completed."},
    {"disk.io.time", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, "disk", "Time with at least one request in flight."},
};
// clang-format on

constexpr double kSectorBytes = 512;  // the unit of the file, whatever the disk's own sector
constexpr size_t kColumns = 10;

class Disks : public Source {
 public:
  Disks(const Roots& roots, std::vector<std::string> skip)
      : diskstats_(roots.proc + "/diskstats"),
        block_(roots.sys + "/block/"),
        skip_(std::move(skip)) {}

  void declare() override {
    names_.clear();
    std::string_view text = diskstats_.read().text;
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      const std::string_view name = name_in(&line);
      if (is_wanted(name)) names_.emplace_back(name);
    }
    for (const std::string& name : names_) {
      for (const Quantity& quantity : kQuantities) add(quantity, name);
    }
  }

  // A disk that is no longer listed is unknown until the next scan forgets it.
  void read() override {
    const Content diskstats = diskstats_.read();
    set_all(diskstats.status == FH_SAMPLE_OK ? FH_SAMPLE_UNKNOWN : diskstats.status);
    std::string_view text = diskstats.text;
    while (!text.empty()) {
      std::string_view line = take_line(&text);
      const std::string_view name = name_in(&line);
      const auto found = std::find(names_.begin(), names_.end(), name);
      if (found != names_.end()) read_line(line, static_cast<size_t>(found - names_.begin()));
    }
  }

 private:
  static std::string_view name_in(std::string_view* line) {
    take_word(line);  // major
    take_word(line);  // minor
    return take_word(line);
  }

  // Only whole disks have a folder under /sys/block, where '/' in a name is written '!'.
  bool is_wanted(std::string_view name) const {
    if (name.empty() || std::find(names_.begin(), names_.end(), name) != names_.end()) return false;
    for (const std::string& pattern : skip_) {
      if (matches(pattern, name)) return false;
    }
    std::string folder(name);
    std::replace(folder.begin(), folder.end(), '/', '!');
    return access((block_ + folder).c_str(), F_OK) == 0;
  }

  // reads, merged, sectors, ms; writes, merged, sectors, ms; in flight, ms busy.
  void read_line(std::string_view line, size_t disk) {
    double column[kColumns];
    const size_t first = disk * std::size(kQuantities);
    for (double& each : column) {
      const auto number = number_from(take_word(&line));
      if (!number) return fail_disk(first);
      each = *number;
    }
    slot(first).set(column[2] * kSectorBytes);
    slot(first + 1).set(column[6] * kSectorBytes);
    slot(first + 2).set(column[0]);
    slot(first + 3).set(column[4]);
    slot(first + 4).set(column[9] * 1e6);
  }

  void fail_disk(size_t first) {
    for (size_t at = 0; at < std::size(kQuantities); ++at) {
      slot(first + at).status = FH_SAMPLE_ERROR;
    }
  }

  File diskstats_;
  std::string block_;
  std::vector<std::string> skip_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<Source> disk_source(const Roots& roots, std::vector<std::string> skip) {
  return std::make_unique<Disks>(roots, std::move(skip));
}

}  // namespace farmhand::node
