// SPDX-License-Identifier: Apache-2.0
// The node's own checks, over a tree that stands in for a server.
#include <doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_tree.hh"
#include "host_tree.hh"

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kMountinfo =
    "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw\n"
    "27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro\n"
    "30 27 8:3 / /data\\040disk rw,relatime shared:2 - xfs /dev/sda3 rw,inode64\n"
    // By nature full or read-only, and no fault.
    "40 27 7:1 / /snap/core/1 ro,nodev,relatime shared:3 - squashfs /dev/loop1 ro\n"
    "41 27 11:0 / /media/cdrom ro,relatime - iso9660 /dev/sr0 ro\n"
    "42 27 0:50 / /run rw,nosuid,nodev - tmpfs tmpfs rw,size=1k\n"
    // A part of the root file system, shown to somebody for reading only.
    "43 27 8:2 /usr /srv/usr ro,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro\n"
    // Made for reading: nobody says otherwise.
    "44 27 8:4 / /usr/share/models ro,relatime - ext4 /dev/sda4 ro\n"
    // Its server may be gone: it must not be asked.
    "45 27 0:60 / /home rw - nfs4 server:/home rw\n";

// A well server with two sockets, a cable in one of two ports, and an accelerator.
class Server : public Tree {
 public:
  Server() {
    write("proc/self/mountinfo", kMountinfo);
    std::filesystem::create_directories(root + "/data disk");
    std::filesystem::create_directories(root + "/usr/share/models");
    write("etc/fstab",
          "# comment\nUUID=1 / ext4 errors=remount-ro 0 1\n/dev/sda4 /usr/share/models ext4 ro 0 "
          "2\n");
    write("proc/meminfo", "MemTotal: 263000000 kB\nMemFree: 1000 kB\nMemAvailable: 200000000 kB\n");
    write("proc/pressure/memory", pressure(0));
    write("proc/pressure/io", pressure(12));
    write("proc/vmstat", "nr_free_pages 7\noom_kill 3\n");
    write("proc/loadavg", "30.0 31.5 29.0 3/900 12345\n");
    write("proc/uptime", "864000.00 100.00\n");
    write("proc/sys/kernel/tainted", "4609\n");  // a proprietary module, a warning
    write("proc/sys/kernel/osrelease", "6.1.0-28-amd64\n");
    write("lib/modules/6.1.0-28-amd64/modules.builtin", "");
    write("sys/devices/system/cpu/online", "0-31\n");
    write("clock", "1 0.012 5.5\n");
    for (const char* disk : {"sda", "loop1"})
      write("sys/block/" + std::string(disk) + "/size", "1\n");
    write("sys/block/sda/device/state", "running\n");
    write("sys/class/nvme/nvme0/state", "live\n");
    write("sys/block/md0/md/degraded", "0\n");
    write("sys/fs/ext4/sda2/errors_count", "0\n");
    write("sys/fs/btrfs/features/raid56", "0\n");
    link("sys/dev/block/8:2", "sys/block/sda2");
    port("eth0", true, 25000);
    port("eth1", false, 0);
    write("sys/class/net/eth1/carrier_up_count", "0\n");
    port("docker0", false, 0);
    remove("sys/class/net/docker0/device");
    write("sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n");
    write("sys/class/infiniband/mlx5_0/ports/1/rate", "400 Gb/sec (4X NDR)\n");
    write("sys/class/infiniband/mlx5_0/ports/1/counters/link_downed", "1\n");
    write("sys/class/infiniband/mlx5_1/ports/1/state", "1: DOWN\n");
    sensor("hwmon0", "coretemp", "temp1", "58000", "Package id 0");
    write("sys/class/hwmon/hwmon0/temp1_max", "82000\n");
    write("sys/class/hwmon/hwmon0/temp1_crit", "92000\n");
    sensor("hwmon1", "nct6779", "temp2", "127000", "AUXTIN0");  // nothing is connected to it
    write("sys/class/hwmon/hwmon1/temp2_max", "80000\n");
    sensor("hwmon2", "fancy", "fan1", "4200", "rear");
    write("sys/class/hwmon/hwmon2/fan1_min", "500\n");
    write("sys/class/hwmon/hwmon2/fan2_input", "0\n");  // at rest, and may be
    for (const char* cpu : {"cpu0", "cpu1"}) {
      const std::string folder = "sys/devices/system/cpu/" + std::string(cpu);
      write(folder + "/topology/physical_package_id", cpu[3] == '0' ? "0\n" : "1\n");
      write(folder + "/thermal_throttle/package_throttle_count", "7\n");
      write(folder + "/thermal_throttle/package_throttle_total_time_ms", "120\n");
    }
    write("sys/devices/system/edac/mc/mc0/ue_count", "0\n");
    write("sys/devices/system/edac/mc/mc0/ce_count", "4\n");
    write("sys/devices/system/edac/mc/mc0/dimm3/dimm_label", "CPU_SrcID#0_MC#0_Chan#1_DIMM#0\n");
    write("sys/devices/system/edac/mc/mc0/dimm3/dimm_ce_count", "4\n");
    pci("0000:00:01.0", "0x060400");
    pci("0000:01:00.0", "0x120000");
    pci("0000:02:00.0", "0x010802");
  }

  static std::string pressure(double full) {
    return "some avg10=90.00 avg60=80.00 avg300=1.00 total=5\nfull avg10=90.00 avg60=" +
           std::to_string(full) + " avg300=1.00 total=5\n";
  }

  void port(const std::string& name, bool carrier, int speed) const {
    const std::string folder = "sys/class/net/" + name + "/";
    write(folder + "device/vendor", "0x15b3\n");
    write(folder + "flags", "0x1003\n");
    write(folder + "carrier", carrier ? "1\n" : "0\n");
    write(folder + "carrier_changes", "2\n");
    write(folder + "speed", std::to_string(carrier ? speed : -1) + "\n");
  }

  void sensor(const std::string& chip, const std::string& name, const std::string& id,
              const std::string& value, const std::string& label) const {
    const std::string folder = "sys/class/hwmon/" + chip + "/";
    write(folder + "name", name + "\n");
    write(folder + id + "_input", value + "\n");
    write(folder + id + "_label", label + "\n");
  }

  void pci(const std::string& address, const std::string& code) const {
    const std::string folder = "sys/bus/pci/devices/" + address + "/";
    write(folder + "class", code + "\n");
    count(address, "correctable", "COR", 3);
    count(address, "nonfatal", "NONFATAL", 1);  // of the boot
    count(address, "fatal", "FATAL", 0);
  }

  void count(const std::string& address, const std::string& kind, const std::string& total,
             int errors) const {
    write("sys/bus/pci/devices/" + address + "/aer_dev_" + kind,
          "RxErr 0\nTOTAL_ERR_" + total + " " + std::to_string(errors) + "\n");
  }

  // With limits that the machine of the test keeps.
  Settings settings(const Settings& more = {}) const {
    Settings all = {{"root", root},
                    {"clock_file", root + "/clock"},
                    {"chronyc", ""},
                    {"units_every_s", "0"},
                    {"disk_warn_gib", "0"},
                    {"disk_fail_gib", "0"},
                    {"inodes_warn_percent", "0"},
                    {"inodes_fail_percent", "0"}};
    for (const auto& [key, value] : more) {
      std::erase_if(all, [&](const auto& each) { return each.first == key; });
      all.emplace_back(key, value);
    }
    return all;
  }

  // What a script that stands in for systemctl prints, and how it ends.
  void systemctl(const std::string& output, int code) const {
    std::filesystem::create_directories(root + "/run/systemd/system");
    write("systemctl",
          "#!/bin/sh\ncat <<'END'\n" + output + "END\nexit " + std::to_string(code) + "\n");
    chmod((root + "/systemctl").c_str(), 0755);
  }
};

// The plugin over the server, looked at once.
struct Node {
  explicit Node(const Server& server, const Settings& more = {}) {
    host.deadline_ms = 5000;
    REQUIRE(host.open(server.settings(more)) == FH_OK);
    look();
  }
  void look() { REQUIRE(host.check(0) == FH_OK); }

  const FakeVerdict& of(const std::string& check) const {
    REQUIRE(host.verdicts.count(check) == 1);
    return host.verdicts.at(check);
  }
  int32_t verdict(const std::string& check) const { return host.verdict(check); }
  bool says(const std::string& check, const std::string& text) const {
    return of(check).sentence.find(text) != std::string::npos;
  }

  FakeHost host;
};

}  // namespace

TEST_CASE("a well server passes every check, and each is emitted every time") {
  const Server server;
  Node node(server);
  const std::vector<std::string> expected = {
      "clock",       "disk.errors", "disk.inodes",     "disk.read_only", "disk.space",
      "fans",        "io.pressure", "kernel",          "load",           "memory",
      "memory.ecc",  "memory.oom",  "memory.pressure", "network",        "network.fabric",
      "pcie.errors", "reboot",      "temperature",     "throttle"};
  for (int i = 0; i < 3; ++i) {
    std::vector<std::string> names;
    for (const auto& [name, verdict] : node.host.verdicts) {
      INFO(name << ": " << verdict.sentence);
      CHECK(verdict.verdict == FH_VERDICT_OK);
      names.push_back(name);
    }
    CHECK(names == expected);
    node.look();
  }
  CHECK(node.host.check(7) == FH_E_INVALID);
  CHECK(node.host.check(FH_NO_DEVICE) == FH_OK);
}

TEST_CASE(
    "a container without systemd, sensors, EDAC or links has fewer checks and no unknown ones") {
  Tree tree;
  tree.write("proc/self/mountinfo", "27 1 0:30 / / rw - overlay overlay rw\n");
  tree.write("proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\n");
  tree.write("clock", "1 0 1\n");
  FakeHost host;
  REQUIRE(host.open({{"root", tree.root}, {"clock_file", tree.root + "/clock"}}) == FH_OK);
  REQUIRE(host.check(0) == FH_OK);
  for (const auto& [name, verdict] : host.verdicts) {
    INFO(name << ": " << verdict.sentence);
    CHECK(verdict.verdict == FH_VERDICT_OK);
  }
  CHECK(host.verdict("units") == -1);
  CHECK(host.verdict("temperature") == -1);
  CHECK(host.verdict("memory.ecc") == -1);
}

TEST_CASE("a file system warns and fails by free space, if both percent and size say so") {
  const Server server;
  // Whatever this machine has free is below all of it, and above nothing.
  Node warns(server, {{"disk_warn_percent", "100"}, {"disk_warn_gib", "1000000000"}});
  CHECK(warns.verdict("disk.space") == FH_VERDICT_WARN);
  CHECK(warns.of("disk.space").reason == FH_REASON_NODE_DISK_FULL);
  CHECK(warns.says("disk.space", "/ has "));
  CHECK(warns.says("disk.space", "/data disk has "));
  CHECK(!warns.says("disk.space", "snap"));
  CHECK(!warns.says("disk.space", "/run"));
  CHECK(!warns.says("disk.space", "home"));
  CHECK(warns.of("disk.space").evidence.at("free.data_disk").bounds == FH_BOUND_LEAST);

  Node fails(server, {{"disk_fail_percent", "100"},
                      {"disk_fail_gib", "1000000000"},
                      {"disk_warn_percent", "100"},
                      {"disk_warn_gib", "1000000000"},
                      {"file_systems_skip", "/data*"}});
  CHECK(fails.verdict("disk.space") == FH_VERDICT_FAIL);
  CHECK(!fails.says("disk.space", "data disk"));

  Node plenty(server, {{"disk_warn_percent", "100"}, {"disk_warn_gib", "0"}});
  CHECK(plenty.verdict("disk.space") == FH_VERDICT_OK);
}

TEST_CASE("a file system that became read-only fails, one that was made so does not") {
  const Server server;
  std::string now = kMountinfo;
  now.replace(now.find("/dev/sda3 rw"), 12, "/dev/sda3 ro");
  Node node(server);
  server.write("proc/self/mountinfo", now);
  node.look();
  CHECK(node.verdict("disk.read_only") == FH_VERDICT_FAIL);
  CHECK(node.of("disk.read_only").sentence ==
        "/data disk (/dev/sda3) is read-only: it was writable before");
  CHECK(node.of("disk.read_only").reason == FH_REASON_NODE_DISK_READ_ONLY);
  server.write("proc/self/mountinfo", kMountinfo);
  node.look();
  CHECK(node.verdict("disk.read_only") == FH_VERDICT_OK);
}

TEST_CASE(
    "a file system that was read-only before we came fails where fstab or its errors say so") {
  const Server server;
  std::string now = kMountinfo;
  now.replace(now.find("/dev/sda2 rw"), 12, "/dev/sda2 ro");
  server.write("proc/self/mountinfo", now);
  CHECK(Node(server).says("disk.read_only", "/etc/fstab"));
  server.write("etc/fstab", "UUID=1 / ext4 defaults,ro 0 1\n");
  CHECK(Node(server).verdict("disk.read_only") == FH_VERDICT_OK);
  server.write("sys/fs/ext4/sda2/errors_count", "2\n");
  server.write("sys/block/sda2/size", "1\n");
  CHECK(Node(server).says("disk.read_only", "it counts errors"));
}

TEST_CASE("failing disks are named: offline, dead, degraded, counting errors") {
  const Server server;
  Node node(server);
  server.write("sys/block/sda/device/state", "offline\n");
  node.look();
  CHECK(node.of("disk.errors").sentence == "sda is offline");
  CHECK(node.of("disk.errors").reason == FH_REASON_NODE_DISK_FAILING);
  server.write("sys/block/sda/device/state", "running\n");
  server.write("sys/class/nvme/nvme0/state", "dead\n");
  node.look();
  CHECK(node.of("disk.errors").sentence == "nvme0 is dead");
  CHECK(node.verdict("disk.errors") == FH_VERDICT_FAIL);
  server.write("sys/class/nvme/nvme0/state", "resetting\n");
  server.write("sys/block/md0/md/degraded", "1\n");
  node.look();
  CHECK(node.verdict("disk.errors") == FH_VERDICT_WARN);
  CHECK(node.says("disk.errors", "the array md0 runs without 1 of its disks"));
  server.write("sys/fs/ext4/sda2/errors_count", "1\n");
  node.look();
  CHECK(node.verdict("disk.errors") == FH_VERDICT_FAIL);
  CHECK(node.of("disk.errors").reason == FH_REASON_NODE_FILE_SYSTEM);
  CHECK(node.says("disk.errors", "ext4 on sda2 counts 1 errors; the array md0"));
  // Errors of before are worth a word, and no more.
  server.write("sys/block/md0/md/degraded", "0\n");
  CHECK(Node(server).verdict("disk.errors") == FH_VERDICT_WARN);
}

TEST_CASE("btrfs counts its devices' errors") {
  const Server server;
  const std::string stats = "sys/fs/btrfs/12345678-aaaa/devinfo/1/error_stats";
  server.write(stats,
               "write_errs 0\nread_errs 0\nflush_errs 0\ncorruption_errs 0\ngeneration_errs 0\n");
  Node node(server);
  CHECK(node.verdict("disk.errors") == FH_VERDICT_OK);
  server.write(stats,
               "write_errs 0\nread_errs 4\nflush_errs 0\ncorruption_errs 1\ngeneration_errs 0\n");
  node.look();
  CHECK(node.verdict("disk.errors") == FH_VERDICT_FAIL);
  CHECK(node.says("disk.errors", "counts 5 errors"));
}

TEST_CASE("memory runs short by percent and by size, and waiting for it by the minute") {
  const Server server;
  // A tenth of it left, which is 25 GB: plenty.
  server.write("proc/meminfo", "MemTotal: 263000000 kB\nMemAvailable: 25000000 kB\n");
  Node node(server);
  CHECK(node.verdict("memory") == FH_VERDICT_OK);
  server.write("proc/meminfo", "MemTotal: 263000000 kB\nMemAvailable: 3000000 kB\n");
  node.look();
  CHECK(node.verdict("memory") == FH_VERDICT_WARN);
  CHECK(node.of("memory").reason == FH_REASON_NODE_MEMORY);
  server.write("proc/meminfo", "MemTotal: 263000000 kB\nMemAvailable: 500000 kB\n");
  node.look();
  CHECK(node.verdict("memory") == FH_VERDICT_FAIL);
  CHECK(node.of("memory").evidence.at("memory.available").value == 500000.0 * 1024);
  server.write("proc/meminfo", "MemTotal: 263000000 kB\nMemAvailable: nonsense kB\n");
  node.look();
  CHECK(node.verdict("memory") == FH_VERDICT_UNKNOWN);

  server.write("proc/pressure/memory", Server::pressure(25));
  server.write("proc/pressure/io", Server::pressure(99));
  node.look();
  CHECK(node.verdict("memory.pressure") == FH_VERDICT_WARN);
  CHECK(node.verdict("io.pressure") == FH_VERDICT_WARN);  // a busy disk never fails the node
  server.write("proc/pressure/memory", Server::pressure(75));
  node.look();
  CHECK(node.verdict("memory.pressure") == FH_VERDICT_FAIL);
  server.write("proc/pressure/memory", "");
  node.look();
  CHECK(node.verdict("memory.pressure") == FH_VERDICT_UNKNOWN);
}

TEST_CASE("the kernel's killing is the node's fault, unless a job met its own limit") {
  const Server server;
  server.write("sys/fs/cgroup/jobs.slice/memory.events",
               "low 0\nhigh 0\nmax 9\noom 0\noom_kill 0\n");
  Node node(server);
  CHECK(node.verdict("memory.oom") == FH_VERDICT_OK);
  server.write("proc/vmstat", "oom_kill 4\n");
  server.write("sys/fs/cgroup/jobs.slice/memory.events",
               "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n");
  node.look();
  CHECK(node.verdict("memory.oom") == FH_VERDICT_OK);
  server.write("proc/vmstat", "oom_kill 6\n");
  node.look();
  CHECK(node.verdict("memory.oom") == FH_VERDICT_WARN);
  CHECK(node.of("memory.oom").reason == FH_REASON_NODE_OOM);
  CHECK(node.says("memory.oom", "killed 2 processes"));
  node.look();
  CHECK(node.verdict("memory.oom") == FH_VERDICT_WARN);  // for ten minutes
}

TEST_CASE("the load is judged per core") {
  const Server server;
  server.write("proc/loadavg", "300.0 127.0 9.0 3/900 12345\n");
  Node node(server);
  CHECK(node.verdict("load") == FH_VERDICT_OK);
  server.write("proc/loadavg", "300.0 129.0 9.0 3/900 12345\n");
  node.look();
  CHECK(node.verdict("load") == FH_VERDICT_WARN);
  CHECK(node.of("load").reason == FH_REASON_NODE_LOAD);
  server.write("proc/loadavg", "900.0 700.0 9.0 3/900 12345\n");
  node.look();
  CHECK(node.verdict("load") == FH_VERDICT_FAIL);
}

TEST_CASE("a clock is kept and near, but not yet in the first minutes") {
  const Server server;
  server.write("clock", "0 0 16000\n");
  server.write("proc/uptime", "200.0 1.0\n");
  Node node(server);
  CHECK(node.verdict("clock") == FH_VERDICT_OK);
  server.write("proc/uptime", "900.0 1.0\n");
  node.look();
  CHECK(node.verdict("clock") == FH_VERDICT_WARN);
  CHECK(node.of("clock").reason == FH_REASON_NODE_CLOCK);
  server.write("clock", "1 -250 20\n");
  node.look();
  CHECK(node.verdict("clock") == FH_VERDICT_WARN);
  CHECK(node.says("clock", "off by 250.0 ms"));
  server.write("clock", "1 4000 20\n");
  node.look();
  CHECK(node.verdict("clock") == FH_VERDICT_FAIL);
  server.write("clock", "");
  node.look();
  CHECK(node.verdict("clock") == FH_VERDICT_UNKNOWN);
}

TEST_CASE("chrony without rtcsync keeps the clock although the kernel does not know it") {
  const Server server;
  server.write("clock", "0 0 16000\n");
  server.write(
      "chronyc",
      "#!/bin/sh\necho C0A80001,ntp,3,1764057600.1,0.000001,0,0,1,0,0,0.1,0.1,64.5,Normal\n");
  chmod((server.root + "/chronyc").c_str(), 0755);
  CHECK(Node(server, {{"chronyc", server.root + "/chronyc"}}).verdict("clock") == FH_VERDICT_OK);
  CHECK(Node(server, {{"chronyc", server.root + "/absent"}}).verdict("clock") == FH_VERDICT_WARN);
}

TEST_CASE("the kernel's own clock is asked where no file stands in for it") {
  const Server server;
  Node node(server, {{"clock_file", ""}});
  CHECK(node.of("clock").evidence.count("clock.error") == 1);
}

TEST_CASE("failed units are named, skipped ones are not, and a systemctl that fails is unknown") {
  const Server server;
  server.systemctl("", 0);
  const Settings script = {{"systemctl", server.root + "/systemctl"}, {"units_skip", "user@*"}};
  Node node(server, script);
  CHECK(node.verdict("units") == FH_VERDICT_OK);
  server.systemctl(
      "nginx.service loaded failed failed A web server\nuser@1000.service loaded failed failed x\n",
      0);
  node.look();
  CHECK(node.verdict("units") == FH_VERDICT_WARN);
  CHECK(node.of("units").sentence == "nginx.service failed");
  CHECK(node.of("units").reason == FH_REASON_NODE_UNIT_FAILED);
  CHECK(node.of("units").evidence.at("units.failed").value == 1);
  server.systemctl("", 1);
  node.look();
  CHECK(node.verdict("units") == FH_VERDICT_UNKNOWN);
  CHECK(Node(server, {{"systemctl", ""}}).verdict("units") == -1);
  CHECK(Node(server, {{"systemctl", server.root + "/absent"}}).says("units", "not installed"));
}

TEST_CASE("a systemctl that hangs costs its time limit and no more") {
  const Server server;
  server.systemctl("", 0);
  server.write("systemctl", "#!/bin/sh\nsleep 60\n");
  FakeHost host;
  host.deadline_ms = 400;
  REQUIRE(host.open(server.settings({{"systemctl", server.root + "/systemctl"}})) == FH_OK);
  const uint64_t began_ns = farmhand::boottime_ns();
  REQUIRE(host.check(0) == FH_OK);
  CHECK(host.verdict("units") == FH_VERDICT_UNKNOWN);
  CHECK(host.verdicts["units"].sentence.find("did not end in its time") != std::string::npos);
  CHECK(farmhand::boottime_ns() - began_ns < 5'000'000'000u);
}

TEST_CASE("a reboot waits after an update, and after a newer kernel") {
  const Server server;
  Node node(server);
  server.write("run/reboot-required", "*** System restart required ***\n");
  server.write("run/reboot-required.pkgs", "libc6\nlinux-base\n");
  node.look();
  CHECK(node.of("reboot").sentence == "an update of libc6 asks for a reboot");
  CHECK(node.of("reboot").reason == FH_REASON_NODE_REBOOT_REQUIRED);
  server.remove("run");
  // Unpacked long after the boot, by the uptime of ten days.
  server.write("lib/modules/6.1.0-30-amd64/modules.builtin", "");
  node.look();
  CHECK(node.says("reboot", "6.1.0-30-amd64 was installed since the boot, 6.1.0-28-amd64 runs"));
  // An older kernel kept beside it, from before the boot.
  server.write("proc/uptime", "-10.0 1.0\n");
  node.look();
  CHECK(node.verdict("reboot") == FH_VERDICT_OK);
  server.remove("lib/modules/6.1.0-28-amd64");
  node.look();
  CHECK(node.says("reboot", "modules of the running kernel"));
}

TEST_CASE(
    "an oops, a lockup and a machine check are remembered, licences are not held against it") {
  const Server server;
  server.write("proc/sys/kernel/tainted", std::to_string(4609 + (1 << 7)) + "\n");
  Node node(server);
  CHECK(node.verdict("kernel") == FH_VERDICT_WARN);
  CHECK(node.of("kernel").reason == FH_REASON_NODE_KERNEL);
  server.write("proc/sys/kernel/tainted", "16\n");
  node.look();
  CHECK(node.of("kernel").reason == FH_REASON_NODE_MEMORY_ERRORS);
}

TEST_CASE("a link that lost its carrier warns, a port without a cable or taken down does not") {
  const Server server;
  Node node(server);
  server.port("eth0", false, 0);
  node.look();
  CHECK(node.verdict("network") == FH_VERDICT_WARN);
  CHECK(node.of("network").sentence == "eth0 lost its carrier");
  CHECK(node.of("network").reason == FH_REASON_NODE_NETWORK);
  server.write("sys/class/net/eth0/flags", "0x1002\n");  // somebody took it down
  node.look();
  CHECK(node.verdict("network") == FH_VERDICT_OK);
  // Lost before the plugin came, but not before the boot.
  server.port("eth0", false, 0);
  server.write("sys/class/net/eth0/carrier_up_count", "1\n");
  CHECK(Node(server).verdict("network") == FH_VERDICT_WARN);
}

TEST_CASE("a link that runs slower than it did, or comes and goes, warns") {
  const Server server;
  Node node(server);
  server.port("eth0", true, 10000);
  node.look();
  CHECK(node.of("network").sentence == "eth0 runs at 10000 Mbit/s, not 25000");
  CHECK(node.of("network").evidence.at("speed.eth0").least == 25000 * 125e3);
  server.port("eth0", true, 25000);
  server.write("sys/class/net/eth0/carrier_changes", "4\n");
  node.look();
  CHECK(node.verdict("network") == FH_VERDICT_OK);  // a cable pulled and plugged in
  server.write("sys/class/net/eth0/carrier_changes", "12\n");
  node.look();
  CHECK(node.says("network", "changed its carrier 10 times"));
}

TEST_CASE("an expected link that is down, absent or slow is told, and a wrong setting refused") {
  const Server server;
  Node node(server, {{"links_expected", "eth1,eth9,eth0:100000"}});
  CHECK(node.verdict("network") == FH_VERDICT_FAIL);
  CHECK(node.says("network", "eth1 has no carrier"));
  CHECK(node.says("network", "the expected link eth9 is not there"));
  CHECK(node.says("network", "eth0 runs at 25000 Mbit/s, not 100000"));
  FakeHost host;
  CHECK(host.open(server.settings({{"links_expected", "eth0:fast"}})) == FH_E_INVALID);
}

TEST_CASE("a port of the fabric that was active and is not, or is slower, warns") {
  const Server server;
  Node node(server);
  server.write("sys/class/infiniband/mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)\n");
  node.look();
  CHECK(node.says("network.fabric", "port mlx5_0/1 runs at 100 Gbit/s, not 400"));
  server.write("sys/class/infiniband/mlx5_0/ports/1/state", "2: INIT\n");
  node.look();
  CHECK(node.says("network.fabric", "no longer active"));
}

TEST_CASE("a chip above its own limits warns and fails, one that never worked is left out") {
  const Server server;
  server.sensor("hwmon3", "nvme", "temp1", "nonsense", "Composite");
  Node node(server);
  CHECK(node.verdict("temperature") == FH_VERDICT_OK);
  server.write("sys/class/hwmon/hwmon0/temp1_input", "85000\n");
  node.look();
  CHECK(node.verdict("temperature") == FH_VERDICT_WARN);
  CHECK(node.says("temperature", "coretemp: Package id 0 is at 85.0 °C, its limit is 82.0 °C"));
  server.write("sys/class/hwmon/hwmon0/temp1_input", "93000\n");
  node.look();
  CHECK(node.verdict("temperature") == FH_VERDICT_FAIL);
  CHECK(node.of("temperature").reason == FH_REASON_TEMPERATURE_HIGH);
  server.write("sys/class/hwmon/hwmon0/temp1_input", "58\n");  // degrees, not thousandths
  node.look();
  CHECK(node.verdict("temperature") == FH_VERDICT_UNKNOWN);
}

TEST_CASE("an accelerator's heat is its own plugin's") {
  const Server server;
  server.sensor("hwmon3", "rngd0", "temp1", "150000", "PEAK");
  server.write("sys/class/hwmon/hwmon3/temp1_crit", "95000\n");
  server.link("sys/class/hwmon/hwmon3/device", "sys/bus/pci/devices/0000:01:00.0");
  CHECK(Node(server).verdict("temperature") == FH_VERDICT_OK);
}

TEST_CASE("a fan below its least speed, faulty or alarmed is told") {
  const Server server;
  Node node(server);
  server.write("sys/class/hwmon/hwmon2/fan1_input", "300\n");
  node.look();
  CHECK(node.verdict("fans") == FH_VERDICT_WARN);
  CHECK(node.of("fans").reason == FH_REASON_FAN_FAILED);
  server.write("sys/class/hwmon/hwmon2/fan1_input", "0\n");
  node.look();
  CHECK(node.verdict("fans") == FH_VERDICT_FAIL);
  server.write("sys/class/hwmon/hwmon2/fan1_input", "4200\n");
  server.write("sys/class/hwmon/hwmon2/fan1_alarm", "1\n");
  node.look();
  CHECK(node.says("fans", "raises its alarm"));
}

TEST_CASE("a processor that is slowed down for long warns, a blip does not") {
  const Server server;
  const std::string file =
      "sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_total_time_ms";
  Node node(server);
  server.write(file, "620\n");
  node.look();
  CHECK(node.verdict("throttle") == FH_VERDICT_OK);
  server.write(file, "9120\n");
  node.look();
  CHECK(node.verdict("throttle") == FH_VERDICT_WARN);
  CHECK(node.says("throttle", "processor 1 was slowed down for 9.0 s"));
  CHECK(node.of("throttle").reason == FH_REASON_THROTTLE_THERMAL);
}

TEST_CASE("memory errors: uncorrected ones fail, many corrected ones warn and name the module") {
  const Server server;
  Node node(server);
  server.write("sys/devices/system/edac/mc/mc0/ce_count", "50\n");
  node.look();
  CHECK(node.verdict("memory.ecc") == FH_VERDICT_OK);
  server.write("sys/devices/system/edac/mc/mc0/ce_count", "150\n");
  server.write("sys/devices/system/edac/mc/mc0/dimm3/dimm_ce_count", "150\n");
  node.look();
  CHECK(node.verdict("memory.ecc") == FH_VERDICT_WARN);
  CHECK(node.says(
      "memory.ecc",
      "146 corrected errors within the last hour, most in CPU_SrcID#0_MC#0_Chan#1_DIMM#0"));
  server.write("sys/devices/system/edac/mc/mc0/ue_count", "1\n");
  node.look();
  CHECK(node.verdict("memory.ecc") == FH_VERDICT_FAIL);
  CHECK(node.of("memory.ecc").reason == FH_REASON_NODE_MEMORY_ERRORS);
}

TEST_CASE("bridges and disks that count bus errors warn, accelerators are their plugins'") {
  const Server server;
  Node node(server);
  server.count("0000:01:00.0", "fatal", "FATAL", 5);
  server.count("0000:00:01.0", "correctable", "COR", 400);
  node.look();
  CHECK(node.verdict("pcie.errors") == FH_VERDICT_OK);
  server.count("0000:00:01.0", "correctable", "COR", 2400);
  node.look();
  CHECK(node.of("pcie.errors").reason == FH_REASON_LINK_ERRORS);
  CHECK(node.says("pcie.errors", "0000:00:01.0 counted 2397 corrected errors"));
  server.count("0000:02:00.0", "fatal", "FATAL", 1);
  node.look();
  CHECK(node.says("pcie.errors", "0000:02:00.0 counted 1 fatal errors"));
  CHECK(node.of("pcie.errors").evidence.at("fatal.0000_02_00.0").text == "0000:02:00.0");
}

TEST_CASE("a wrong limit is refused with a sentence") {
  const Server server;
  FakeHost host;
  CHECK(host.open(server.settings({{"disk_warn_percent", "110"}})) == FH_E_INVALID);
  CHECK(std::string(host.err.text).find("disk_warn_percent") != std::string::npos);
}

TEST_CASE("the fake server is well, and what happens to it while we look is seen") {
  struct Fault {
    const char *name, *check, *reason;
    int32_t verdict;
  };
  // Each on top of those before it.
  const Fault faults[] = {
      {"link_slow", "network", FH_REASON_NODE_NETWORK, FH_VERDICT_WARN},
      {"memory_corrected", "memory.ecc", FH_REASON_NODE_MEMORY_ERRORS, FH_VERDICT_WARN},
      {"bus_fatal", "pcie.errors", FH_REASON_LINK_FATAL, FH_VERDICT_WARN},
      {"oom", "memory.oom", FH_REASON_NODE_OOM, FH_VERDICT_WARN},
  };
  const FakeTree tree("host/server");
  FakeHost host;
  host.deadline_ms = 5000;
  REQUIRE(host.open({{"root", tree.root()},
                     {"clock_file", tree.at("clock")},
                     {"disk_warn_gib", "0"},
                     {"disk_fail_gib", "0"},
                     {"inodes_warn_percent", "0"},
                     {"inodes_fail_percent", "0"}}) == FH_OK);
  REQUIRE(host.check(0) == FH_OK);
  CHECK(host.verdicts.size() == 16);
  for (const auto& [name, verdict] : host.verdicts) {
    INFO(name << ": " << verdict.sentence);
    CHECK(verdict.verdict == FH_VERDICT_OK);
  }
  for (const Fault& fault : faults) {
    tree.apply(std::string("host/server:") + fault.name);
    REQUIRE(host.check(0) == FH_OK);
    CAPTURE(fault.name);
    CHECK(host.verdict(fault.check) == fault.verdict);
    CHECK(host.verdicts[fault.check].reason == fault.reason);
  }
}
