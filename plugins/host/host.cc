// SPDX-License-Identifier: Apache-2.0
// The plugin `host`: the real node as one device. README.md lists its series and settings.
#include <farmhand/plugin.hh>

#include "identity.hh"
#include "node.hh"

namespace farmhand::node {

namespace {

constexpr uint32_t kHandle = 0;

Cores cores_from(const std::string& word) {
  if (word == "none") return Cores::kNone;
  return word == "utilization" ? Cores::kUtilization : Cores::kAll;
}

class HostPlugin {
 public:
  HostPlugin(const Host&, const Settings& settings)
      : roots_{settings.text("proc_root", "/proc"), settings.text("sys_root", "/sys"),
               settings.text("fs_root")},
        identity_(identity_of(roots_, settings.text("machine_id_file", "/etc/machine-id"))),
        excluded_(settings.excluded(identity_.key)) {
    settings.refuse_unknown({"proc_root", "sys_root", "fs_root", "machine_id_file", "cores",
                             "disks_skip", "links_skip"});
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
};

}  // namespace

}  // namespace farmhand::node

FARMHAND_PLUGIN(farmhand::node::HostPlugin, "host", "host", FARMHAND_VERSION);
