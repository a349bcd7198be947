// SPDX-License-Identifier: Apache-2.0
// The plugin `host`: the real node as one device. README.md lists its series and settings.
#include <farmhand/plugin.hh>

#include "health/check.hh"
#include "identity.hh"
#include "log/watch.hh"
#include "node.hh"

namespace farmhand::node {

namespace {

constexpr uint32_t kHandle = 0;

Cores cores_from(const std::string& word) {
  if (word == "none") return Cores::kNone;
  return word == "utilization" ? Cores::kUtilization : Cores::kAll;
}

Roots roots_from(const Settings& settings) {
  std::string top = settings.text("root", "/");
  while (top.ends_with('/')) top.pop_back();
  return {settings.text("proc_root", top + "/proc"), settings.text("sys_root", top + "/sys"),
          settings.text("fs_root", top), top};
}

void refuse_unknown(const Settings& settings) {
  settings.refuse_unknown({"root",
                           "proc_root",
                           "sys_root",
                           "fs_root",
                           "machine_id_file",
                           "cores",
                           "disks_skip",
                           "links_skip",
                           "file_systems_skip",
                           "disk_warn_percent",
                           "disk_fail_percent",
                           "disk_warn_gib",
                           "disk_fail_gib",
                           "inodes_warn_percent",
                           "inodes_fail_percent",
                           "memory_warn_percent",
                           "memory_fail_percent",
                           "memory_warn_mib",
                           "memory_fail_mib",
                           "memory_pressure_warn_percent",
                           "memory_pressure_fail_percent",
                           "io_pressure_warn_percent",
                           "load_warn_per_core",
                           "load_fail_per_core",
                           "clock_warn_ms",
                           "clock_fail_ms",
                           "clock_grace_s",
                           "clock_file",
                           "chronyc",
                           "systemctl",
                           "units_skip",
                           "units_every_s",
                           "links_expected",
                           "sensors_skip",
                           "kernel_log",
                           "journalctl"});
}

class HostPlugin {
 public:
  static constexpr uint64_t kFlags = FH_FLAG_OPENS_DEVICE_NODES;  // /dev/kmsg

  HostPlugin(const Host&, const Settings& settings)
      : roots_(roots_from(settings)),
        identity_(
            identity_of(roots_, settings.text("machine_id_file", roots_.top + "/etc/machine-id"))),
        excluded_(settings.excluded(identity_.key)),
        checks_(node_checks(roots_, settings)),
        log_(roots_, settings.text("kernel_log", roots_.top + "/dev/kmsg"),
             settings.text("journalctl", "journalctl")) {
    refuse_unknown(settings);
    node_.add(
        cpu_source(roots_, cores_from(settings.choice("cores", {"all", "utilization", "none"}))));
    node_.add(memory_source(roots_));
    node_.add(load_source(roots_));
    node_.add(uptime_source(roots_));
    node_.add(process_source(roots_));
    for (const char* resource : {"cpu", "memory", "io"}) {
      node_.add(pressure_source(roots_, resource));
    }
    node_.add(disk_source(roots_, settings.list("disks_skip", "loop*,ram*,zram*,sr*,fd*")));
    node_.add(file_system_source(roots_));
    node_.add(network_source(roots_, settings.list("links_skip", "lo,veth*,cali*,ifb*,dummy*")));
    node_.add(hwmon_source(roots_));
    node_.add(powercap_source(roots_));
  }

  // May run beside the other calls: touches nothing that they change.
  void enumerate(Call& call) {
    if (excluded_) return;
    fh_device record = device_record(kHandle, identity_.key);
    record.device_kind = FH_DEVICE_NODE;
    record.model = str(identity_.model);
    record.firmware = str(identity_.firmware);
    record.driver = str(identity_.kernel);
    record.note = str(identity_.note);
    record.memory_bytes = identity_.memory_bytes;
    call.emit(record);
  }

  void metrics(Call& call) {
    require_handle(call);
    node_.declare(call);
  }

  void sample(Call& call, std::span<const uint32_t> ids) {
    require_handle(call);
    node_.sample(call, ids);
  }

  void check(Call& call) {
    // Driver and library as such: the kernel is both.
    if (call.device() == FH_NO_DEVICE) return;
    require_handle(call);
    for (const auto& each : checks_) each->look(call);
  }

  // Runs beside all other calls, and shares nothing with them.
  void wait(Call& call) {
    if (excluded_) fail(FH_E_UNSUPPORTED, "the node itself is not to be touched");
    log_.wait(call, kHandle);
  }

  void stop() { log_.end(); }

 private:
  void require_handle(const Call& call) const {
    if (call.device() != kHandle || excluded_) {
      fail(FH_E_INVALID, "no device has the handle %u", call.device());
    }
  }

  Roots roots_;
  Identity identity_;
  bool excluded_;
  Node node_;
  Checks checks_;
  LogWatch log_;
};

}  // namespace

}  // namespace farmhand::node

FARMHAND_PLUGIN(farmhand::node::HostPlugin, "host", "host", FARMHAND_VERSION);
