// SPDX-License-Identifier: Apache-2.0
// `disk.errors`: what the kernel itself counts or says of disks and the file systems on them. No
// device is opened: SMART needs root, and has a command check (smartctl) for it.
#include <farmhand/sysfs.hh>
#include <farmhand/watch.hh>
#include <map>

#include "check.hh"

namespace farmhand::node {

namespace {

class Disks : public Check {
 public:
  explicit Disks(const Roots& roots) : sys_(roots.sys) {}

  void look(Call& call) override {
    if (!exists(sys_ + "/block") && !exists(sys_ + "/class/nvme")) return;
    Worst worst("disk.errors");
    look_at_states(&worst);
    look_at_arrays(&worst);
    for (const std::string& device : names_in(sys_ + "/fs/ext4")) look_at_ext4(device, &worst);
    for (const std::string& id : names_in(sys_ + "/fs/btrfs")) look_at_btrfs(id, &worst);
    worst.emit(call);
  }

 private:
  // SCSI and SATA disks: linux drivers/scsi/scsi_sysfs.c (sdev_states); NVMe controllers:
  // drivers/nvme/host/sysfs.c (nvme_sysfs_show_state).
  void look_at_states(Worst* into) const {
    for (const std::string& disk : names_in(sys_ + "/block")) {
      if (disk.starts_with("nvme")) continue;
      const std::string state = word_in_file(sys_ + "/block/" + disk + "/device/state");
      judge_state(disk, state, state == "offline" || state == "transport-offline", into);
    }
    for (const std::string& disk : names_in(sys_ + "/class/nvme")) {
      const std::string state = word_in_file(sys_ + "/class/nvme/" + disk + "/state");
      judge_state(disk, state, state == "dead", into);
    }
  }

  static void judge_state(const std::string& disk, const std::string& state, bool bad,
                          Worst* into) {
    if (!bad) return;
    into->add(FH_VERDICT_FAIL, FH_REASON_NODE_DISK_FAILING, disk + " is " + state);
  }

  // linux Documentation/admin-guide/md.rst: `degraded` counts the disks that are missing.
  void look_at_arrays(Worst* into) const {
    for (const std::string& disk : names_in(sys_ + "/block")) {
      const Reading missing = read_number(sys_ + "/block/" + disk + "/md/degraded");
      if (!missing.ok()) continue;
      const Measure measure{"missing" + dotted(disk), missing.value, FH_UNIT_NONE, disk, {}, 0};
      if (missing.value <= 0) {
        into->add_ok({measure});
        continue;
      }
      into->add(FH_VERDICT_WARN, FH_REASON_NODE_DISK_FAILING,
                said("the array %.40s runs without %.0f of its disks", disk.c_str(), missing.value),
                {measure});
    }
  }

  // Since the last fsck, over reboots (linux Documentation/ABI/testing/sysfs-fs-ext4).
  void look_at_ext4(const std::string& device, Worst* into) {
    judge_count("ext4 on " + device, "errors" + dotted(device),
                read_number(sys_ + "/fs/ext4/" + device + "/errors_count"), into);
  }

  // Lines `write_errs 0`, since the last `btrfs device stats -z` (linux fs/btrfs/sysfs.c,
  // btrfs_devinfo_error_stats_show).
  void look_at_btrfs(const std::string& id, Worst* into) {
    const std::string folder = sys_ + "/fs/btrfs/" + id + "/devinfo/";
    for (const std::string& device : names_in(folder)) {
      const Text stats = read_text(folder + device + "/error_stats");
      if (!stats.ok()) continue;
      double sum = 0;
      for (std::string_view text = stats.text; !text.empty();) {
        std::string_view line = take_line(&text);
        take_word(&line);
        sum += number_from(trimmed(line)).value_or(0);
      }
      judge_count("btrfs " + id.substr(0, 8) + " device " + device,
                  "errors" + dotted(id.substr(0, 8) + "." + device), good(sum), into);
    }
  }

  // More of them while we look is a fault; those of before are worth a word.
  void judge_count(const std::string& what, std::string name, const Reading& count, Worst* into) {
    if (!count.ok()) return;
    Growth& growth = errors_[what];
    growth.look(count);
    const Measure measure{std::move(name), count.value, FH_UNIT_NONE, what, {}, 0};
    if (count.value <= 0) return into->add_ok({measure});
    into->add(growth.ever_grown() ? FH_VERDICT_FAIL : FH_VERDICT_WARN, FH_REASON_NODE_FILE_SYSTEM,
              said("%.60s counts %.0f errors", what.c_str(), count.value), {measure});
  }

  std::string sys_;
  std::map<std::string, Growth> errors_;
};

}  // namespace

std::unique_ptr<Check> disk_check(const Roots& roots) {
  return std::make_unique<Disks>(roots);
}

}  // namespace farmhand::node
