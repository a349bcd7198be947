// SPDX-License-Identifier: Apache-2.0
// `disk.space` and `disk.inodes`: every local file system against limits in percent *and* in
// absolute size, for a tenth of a large disk is plenty and a tenth of a small one is not. Images
// that are full by nature (squashfs, iso9660, erofs) are not local kinds, nor are tmpfs and
// overlays.
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include <farmhand/sysfs.hh>

#include "check.hh"
#include "mounts.hh"

namespace farmhand::node {

namespace {

constexpr size_t kMountsBytesMax = 4 << 20;
constexpr double kGib = 1 << 30;
// A file system with this many inodes left is not short of them, whatever the percentage.
constexpr double kInodesWarn = 1e6, kInodesFail = 1e5;

struct Limits {
  double percent, least;
  // What must be free of a total.
  double of(double total) const { return std::min(total * percent / 100, least); }
};

class Space : public Check {
 public:
  Space(const Roots& roots, const Settings& settings)
      : mounts_(roots.proc + "/self/mountinfo"),
        root_(roots.file_systems),
        skip_(settings.list("file_systems_skip")) {
    const auto percent = [&](const char* key, int64_t otherwise) {
      return static_cast<double>(settings.number(key, otherwise, 0, 100));
    };
    const auto gib = [&](const char* key, int64_t otherwise) {
      return static_cast<double>(settings.number(key, otherwise, 0, 1 << 30)) * kGib;
    };
    warn_ = {percent("disk_warn_percent", 10), gib("disk_warn_gib", 20)};
    fail_ = {percent("disk_fail_percent", 5), gib("disk_fail_gib", 5)};
    inodes_warn_ = {percent("inodes_warn_percent", 10), kInodesWarn};
    inodes_fail_ = {percent("inodes_fail_percent", 3), kInodesFail};
  }

  void look(Call& call) override {
    const Text mounts = read_text(mounts_, kMountsBytesMax);
    if (mounts.status == FH_SAMPLE_NOT_SUPPORTED) return;
    Worst space("disk.space"), inodes("disk.inodes");
    if (!mounts.ok()) {
      space.add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED, "the list of mounts is not readable");
    }
    for (const Mount& each : local_mounts(mounts.text)) {
      // One that is mounted read-only does not fill up.
      if (!each.read_only && !is_skipped(each.place)) look_at(each.place, &space, &inodes);
    }
    space.emit(call);
    inodes.emit(call);
  }

 private:
  bool is_skipped(const std::string& place) const {
    return std::any_of(skip_.begin(), skip_.end(),
                       [&](const std::string& each) { return matches(each, place); });
  }

  void look_at(const std::string& place, Worst* space, Worst* inodes) const {
    struct statvfs now {};
    if (statvfs((root_ + place).c_str(), &now) != 0) {
      if (errno == ENOENT) return;  // unmounted meanwhile
      const bool broken = errno == EIO;
      return space->add(broken ? FH_VERDICT_FAIL : FH_VERDICT_UNKNOWN,
                        broken ? FH_REASON_NODE_DISK_FAILING : FH_REASON_READING_FAILED,
                        place + " does not answer: " + strerror(errno));
    }
    const auto block = static_cast<double>(now.f_frsize);
    const double free = static_cast<double>(now.f_bavail) * block;
    // As df does: what is kept for root is neither free nor used.
    const double total = static_cast<double>(now.f_blocks - now.f_bfree) * block + free;
    if (total > 0) judge_space(place, free, total, space);
    if (now.f_files > 0) {
      judge_inodes(place, static_cast<double>(now.f_favail), static_cast<double>(now.f_files),
                   inodes);
    }
  }

  void judge_space(const std::string& place, double free, double total, Worst* into) const {
    const Measure measure{"free" + dotted(place), free, FH_UNIT_BYTE, place, warn_.of(total), {}};
    const bool fails = free < fail_.of(total);
    if (!fails && free >= warn_.of(total)) return into->add_ok({measure});
    into->add(fails ? FH_VERDICT_FAIL : FH_VERDICT_WARN, FH_REASON_NODE_DISK_FULL,
              said("%.100s has %.1f GiB of %.1f GiB free (%.1f %%)", place.c_str(), free / kGib,
                   total / kGib, 100 * free / total),
              {measure});
  }

  void judge_inodes(const std::string& place, double free, double total, Worst* into) const {
    const Measure measure{"inodes" + dotted(place), free, FH_UNIT_NONE, place,
                          inodes_warn_.of(total),   {}};
    const bool fails = free < inodes_fail_.of(total);
    if (!fails && free >= inodes_warn_.of(total)) return into->add_ok({measure});
    into->add(fails ? FH_VERDICT_FAIL : FH_VERDICT_WARN, FH_REASON_NODE_DISK_FULL,
              said("%.100s has %.0f of %.0f inodes free", place.c_str(), free, total), {measure});
  }

  std::string mounts_;
  std::string root_;
  std::vector<std::string> skip_;
  Limits warn_{}, fail_{}, inodes_warn_{}, inodes_fail_{};
};

}  // namespace

std::unique_ptr<Check> space_check(const Roots& roots, const Settings& settings) {
  return std::make_unique<Space>(roots, settings);
}

}  // namespace farmhand::node
