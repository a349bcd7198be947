// SPDX-License-Identifier: Apache-2.0
// `disk.read_only`: file systems that became read-only by themselves, as ext4 does with
// errors=remount-ro. One that was read-only from the start is meant to be so, unless fstab says
// otherwise or the file system counts errors.
#include <farmhand/sysfs.hh>
#include <map>

#include "check.hh"
#include "mounts.hh"

namespace farmhand::node {

namespace {

constexpr size_t kMountsBytesMax = 4 << 20;

class ReadOnly : public Check {
 public:
  ReadOnly(const Roots& roots, const Settings& settings)
      : roots_(roots), skip_(settings.list("file_systems_skip")) {}

  void look(Call& call) override {
    const Text mounts = read_text(roots_.proc + "/self/mountinfo", kMountsBytesMax);
    if (mounts.status == FH_SAMPLE_NOT_SUPPORTED) return;
    Worst worst("disk.read_only");
    if (!mounts.ok()) {
      worst.add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED, "the list of mounts is not readable");
    }
    std::map<std::string, bool> seen;  // forgets what is no longer mounted
    for (const Mount& each : local_mounts(mounts.text)) {
      const bool skipped = std::any_of(skip_.begin(), skip_.end(), [&](const std::string& pattern) {
        return matches(pattern, each.place);
      });
      const std::string name = each.number + each.place;
      const bool written = was_written_.count(name) != 0 && was_written_[name];
      seen[name] = written || !each.read_only;
      if (each.read_only && !skipped) judge(each, written, &worst);
    }
    was_written_ = std::move(seen);
    worst.emit(call);
  }

 private:
  void judge(const Mount& mount, bool written, Worst* into) const {
    const char* why = written                ? ": it was writable before"
                      : counts_errors(mount) ? ": it counts errors"
                      : wants_writing(mount) ? ": /etc/fstab mounts it for writing"
                                             : nullptr;
    if (why == nullptr) return into->add_ok();
    into->add(FH_VERDICT_FAIL, FH_REASON_NODE_DISK_READ_ONLY,
              mount.place + " (" + mount.device + ") is read-only" + why);
  }

  // linux Documentation/ABI/testing/sysfs-fs-ext4
  bool counts_errors(const Mount& mount) const {
    const std::string device = link_name(roots_.sys + "/dev/block/" + mount.number);
    if (device.empty()) return false;
    return read_number(roots_.sys + "/fs/ext4/" + device + "/errors_count").value > 0;
  }

  // A line of fstab for this place without the option `ro`. (fstab(5): device, place, kind,
  // options.)
  bool wants_writing(const Mount& mount) const {
    const Text fstab = read_text(roots_.top + "/etc/fstab");
    for (std::string_view text = fstab.text; !text.empty();) {
      std::string_view line = take_line(&text);
      const std::string_view device = take_word(&line);
      if (device.empty() || device.starts_with('#') || unescaped(take_word(&line)) != mount.place) {
        continue;
      }
      take_word(&line);  // kind
      const std::string options = "," + std::string(take_word(&line)) + ",";
      return options.find(",ro,") == std::string::npos;
    }
    return false;
  }

  Roots roots_;
  std::vector<std::string> skip_;
  std::map<std::string, bool> was_written_;  // by number and place
};

}  // namespace

std::unique_ptr<Check> read_only_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<ReadOnly>(roots, settings);
}

}  // namespace farmhand::node
