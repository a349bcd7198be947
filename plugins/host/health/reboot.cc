// SPDX-License-Identifier: Apache-2.0
// `reboot`: whether an update waits for a reboot.
#include <sys/stat.h>
#include <time.h>

#include <farmhand/sysfs.hh>

#include "check.hh"

namespace farmhand::node {

namespace {

class Reboot : public Check {
 public:
  explicit Reboot(const Roots& roots) : roots_(roots) {}

  void look(Call& call) override {
    Worst worst("reboot");
    look_at_mark(&worst);
    look_at_kernels(&worst);
    worst.emit(call);
  }

 private:
  static void add(std::string sentence, Worst* into) {
    into->add(FH_VERDICT_WARN, FH_REASON_NODE_REBOOT_REQUIRED, std::move(sentence));
  }

  // Debian's and Ubuntu's packages leave it (debian-policy has no word on it;
  // update-notifier-common and unattended-upgrades do).
  void look_at_mark(Worst* into) const {
    for (const char* name : {"/run/reboot-required", "/var/run/reboot-required"}) {
      if (!exists(roots_.top + name)) continue;
      const Text packages = read_text(roots_.top + name + ".pkgs");
      std::string_view text = packages.text;
      const std::string first = clean(trimmed(take_line(&text)));
      return add(first.empty() ? "an update asks for a reboot"
                               : "an update of " + first + " asks for a reboot",
                 into);
    }
  }

  // A kernel that was unpacked since the boot waits to be started. An older one that is kept beside
  // the running one is somebody's choice. The time is that of a file in the package which depmod
  // does not touch; its inode's change, for packages carry times of their own.
  void look_at_kernels(Worst* into) {
    const std::string running = word_in_file(roots_.proc + "/sys/kernel/osrelease");
    const std::string folder = roots_.top + "/lib/modules/";
    const double boot_s = boot_time_s();
    bool any = false, mine = false;
    std::string newest;
    for (const std::string& release : names_in(folder)) {
      struct stat file {};
      if (stat((folder + release + "/modules.builtin").c_str(), &file) != 0) continue;
      any = true;
      mine = mine || release == running;
      if (release != running && boot_s > 0 && static_cast<double>(file.st_ctime) > boot_s) {
        newest = release;
      }
    }
    if (running.empty() || !any) return;
    if (!newest.empty()) {
      add("the kernel " + newest + " was installed since the boot, " + running + " runs", into);
    } else if (!mine && modules_were_here_) {
      add("the modules of the running kernel " + running + " are gone: drivers cannot be loaded",
          into);
    }
    modules_were_here_ = modules_were_here_ || mine;
  }

  double boot_time_s() const {
    const Text uptime = read_text(roots_.proc + "/uptime");
    std::string_view text = uptime.text;
    const auto seconds = number_from(take_word(&text));
    return seconds ? static_cast<double>(time(nullptr)) - *seconds : 0;
  }

  Roots roots_;
  bool modules_were_here_ = false;  // a container has none, or another machine's
};

}  // namespace

std::unique_ptr<Check> reboot_check(const Roots& roots) {
  return std::make_unique<Reboot>(roots);
}

}  // namespace farmhand::node
