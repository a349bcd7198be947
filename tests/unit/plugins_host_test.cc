// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "host_tree.hh"
#include "sha256.hh"

namespace fs = std::filesystem;

namespace {

constexpr const char* kStat =
    "cpu  1000 10 500 8000 200 5 15 0 0 0\n"
    "cpu0 600 10 300 4000 100 5 10 0 0 0\n"
    "cpu1 400 0 200 4000 100 0 5 0 0 0\n"
    "intr 12345 0 0\n"
    "ctxt 99\n"
    "procs_running 3\n"
    "procs_blocked 1\n";

// user + nice of all cores, in ticks.
double user_ticks() {
  std::ifstream file("/proc/stat");
  std::string name;
  double user = 0, nice = 0;
  file >> name >> user >> nice;
  return user + nice;
}

double number_in(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string first;
    double value = 0;
    if (words >> first >> value && first == key) return value;
  }
  return -1;
}

}  // namespace

TEST_CASE("the node is one device with a hashed key that stays") {
  FakeHost host;
  REQUIRE(host.open({}) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  REQUIRE(host.devices.size() == 1);
  CHECK(host.devices[0].raw.device_kind == FH_DEVICE_NODE);
  CHECK(!host.devices[0].model.empty());
  CHECK(host.devices[0].raw.memory_bytes == number_in("/proc/meminfo", "MemTotal:") * 1024);
  const std::string key = host.devices[0].key;
  REQUIRE(host.enumerate() == FH_OK);
  CHECK(host.devices[0].key == key);

  Tree tree;
  FakeHost other;
  REQUIRE(other.open(tree.settings()) == FH_OK);
  REQUIRE(other.enumerate() == FH_OK);
  CHECK(other.devices[0].key ==
        "node-" + farmhand::node::sha256_hex("farmhand node key\n0123456789abcdef0123456789abcdef")
                      .substr(0, 32));
  CHECK(other.devices[0].key.find("0123456789abcdef") == std::string::npos);
}

TEST_CASE("the hash is SHA-256") {
  using farmhand::node::sha256_hex;
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("a node without a machine id goes by its host name and says so") {
  Tree tree;
  fs::remove(tree.root + "/machine-id");
  FakeHost host;
  REQUIRE(host.open(tree.settings()) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  CHECK(host.devices[0].key.starts_with("host-"));
  CHECK(!host.devices[0].note.empty());
}

TEST_CASE("an excluded node is not listed") {
  FakeHost host;
  REQUIRE(host.open({}) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  FakeHost other;
  REQUIRE(other.open({}, {host.devices[0].key}) == FH_OK);
  REQUIRE(other.enumerate() == FH_OK);
  CHECK(other.devices.empty());
}

TEST_CASE("readings agree with /proc read at the same moment") {
  FakeHost host;
  REQUIRE(host.open({}) == FH_OK);
  REQUIRE(host.declare(0) == FH_OK);
  const double user_before = user_ticks();
  const double uptime_before = farmhand::boottime_ns();
  const double free_before = number_in("/proc/meminfo", "MemAvailable:") * 1024;
  REQUIRE(host.sample_all(0) == FH_OK);
  const double user_after = user_ticks();
  const double uptime_after = farmhand::boottime_ns();
  const double free_after = number_in("/proc/meminfo", "MemAvailable:") * 1024;

  const double tick_ns = 1e9 / static_cast<double>(sysconf(_SC_CLK_TCK));
  CHECK(host.reading("cpu.user").value >= user_before * tick_ns);
  CHECK(host.reading("cpu.user").value <= user_after * tick_ns);
  CHECK(host.reading("uptime").value >= uptime_before - 2e7);
  CHECK(host.reading("uptime").value <= uptime_after + 2e7);
  CHECK(host.reading("memory.total").value == number_in("/proc/meminfo", "MemTotal:") * 1024);
  const double slack = 256e6;  // others live on this machine
  CHECK(host.reading("memory.available").value > std::min(free_before, free_after) - slack);
  CHECK(host.reading("memory.available").value < std::max(free_before, free_after) + slack);
  CHECK(host.reading("processes.running").value >= 1);
  CHECK(host.reading("processes.total").value >= 1);
}

TEST_CASE("every disk and link of this machine agrees with /proc and /sys") {
  FakeHost host;
  REQUIRE(host.open({{"disks_skip", "none"}, {"links_skip", "none"}}) == FH_OK);
  REQUIRE(host.declare(0) == FH_OK);
  for (const FakeMetric& metric : host.metrics) {
    const std::string disk = "/sys/block/" + metric.label_value + "/stat";
    const std::string link = "/sys/class/net/" + metric.label_value + "/statistics/rx_bytes";
    double before = 0, after = 0;
    const auto read = [](const std::string& path, double* value) { std::ifstream(path) >> *value; };
    const bool is_disk = metric.name == "disk.reads";
    if (!is_disk && metric.name != "network.received.bytes") continue;
    read(is_disk ? disk : link, &before);
    REQUIRE(host.sample(0, {metric.id}) == FH_OK);
    read(is_disk ? disk : link, &after);
    const FakeSample sample = host.samples[metric.id];
    CHECK(sample.status == FH_SAMPLE_OK);
    CHECK(sample.value >= before);
    CHECK(sample.value <= after);
  }
}

TEST_CASE("file systems agree with statvfs, and only local kinds are asked") {
  Tree tree;
  fs::create_directories(tree.root + "/mnt/data disk");
  tree.write("proc/mounts",
             "/dev/sda1 /data\\040disk ext4 rw 0 0\n"
             "/dev/sda1 /again ext4 rw 0 0\n"
             "server:/x /net nfs4 rw 0 0\n"
             "overlay / overlay rw 0 0\n"
             "/dev/sdb1 /gone xfs rw 0 0\n");
  FakeHost host;
  tree.sample(&host);
  struct statvfs now {};
  REQUIRE(statvfs((tree.root + "/mnt/data disk").c_str(), &now) == 0);
  CHECK(host.reading("filesystem.size", "/data disk").value ==
        static_cast<double>(now.f_blocks) * static_cast<double>(now.f_frsize));
  CHECK(host.reading("filesystem.inodes", "/data disk").status == FH_SAMPLE_OK);
  CHECK(host.reading("filesystem.size", "/gone").status == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(host.find_metric("filesystem.size", "/again") == nullptr);
  CHECK(host.find_metric("filesystem.size", "/net") == nullptr);
  CHECK(host.find_metric("filesystem.size", "/") == nullptr);
}

TEST_CASE("processor times are added up as the kernel means them") {
  Tree tree;
  tree.write("proc/stat", kStat);
  FakeHost host;
  tree.sample(&host);
  const double tick_ns = 1e9 / static_cast<double>(sysconf(_SC_CLK_TCK));
  CHECK(host.reading("cpu.user").value == 1010 * tick_ns);
  CHECK(host.reading("cpu.system").value == 520 * tick_ns);
  CHECK(host.reading("cpu.idle").value == 8000 * tick_ns);
  CHECK(host.reading("cpu.iowait").value == 200 * tick_ns);
  CHECK(host.reading("cpu.core.user", "1").value == 400 * tick_ns);
  CHECK(host.reading("processes.running").value == 3);
  CHECK(host.reading("processes.blocked").value == 1);
  CHECK(host.reading("utilization").status == FH_SAMPLE_UNKNOWN);
}

TEST_CASE("utilization is what happened between two samples, and keeps its time in between") {
  Tree tree;
  tree.write("proc/stat", "cpu 100 0 100 800 0 0 0 0 0 0\n");
  FakeHost host;
  tree.sample(&host);
  tree.write("proc/stat", "cpu 125 0 125 950 0 0 0 0 0 0\n");  // 50 of 200 ticks busy
  REQUIRE(host.sample_all(0) == FH_OK);
  const FakeSample first = host.reading("utilization");
  CHECK(first.status == FH_SAMPLE_OK);
  CHECK(first.value == doctest::Approx(25));
  tree.write("proc/stat", "cpu 126 0 125 950 0 0 0 0 0 0\n");  // too short a window
  REQUIRE(host.sample_all(0) == FH_OK);
  CHECK(host.reading("utilization").value == first.value);
  CHECK(host.reading("utilization").boottime_ns == first.boottime_ns);
  tree.write("proc/stat", "cpu 1 0 1 8 0 0 0 0 0 0\n");  // went back: no value, not a wrong one
  REQUIRE(host.sample_all(0) == FH_OK);
  CHECK(host.reading("utilization").status == FH_SAMPLE_UNKNOWN);
}

TEST_CASE("per-core series can be cut down") {
  Tree tree;
  tree.write("proc/stat", kStat);
  for (const char* cores : {"utilization", "none"}) {
    FakeHost host;
    auto settings = tree.settings();
    settings.emplace_back("cores", cores);
    REQUIRE(host.open(settings) == FH_OK);
    REQUIRE(host.declare(0) == FH_OK);
    REQUIRE(host.sample_all(0) == FH_OK);
    CHECK(host.find_metric("cpu.core.user", "0") == nullptr);
    const bool has_core = host.find_metric("cpu.core.utilization", "1") != nullptr;
    CHECK(has_core == (std::string(cores) == "utilization"));
    CHECK(host.reading("cpu.user").status == FH_SAMPLE_OK);
  }
}

TEST_CASE("pressure, load and memory are read in their own units") {
  Tree tree;
  tree.write("proc/pressure/io",
             "some avg10=1.25 avg60=0.00 avg300=0.00 total=4000\n"
             "full avg10=0.50 avg60=0.00 avg300=0.00 total=3000\n");
  tree.write("proc/pressure/cpu", "some avg10=2.00 avg60=0.00 avg300=0.00 total=7\n");
  tree.write("proc/loadavg", "0.50 1.25 2.00 3/456 789\n");
  tree.write("proc/uptime", "12.5 20.0\n");
  tree.write("proc/meminfo",
             "MemTotal: 1000 kB\nMemAvailable: 400 kB\n"
             "SwapTotal: 100 kB\nSwapFree: 100 kB\n");
  FakeHost host;
  tree.sample(&host);
  CHECK(host.reading("pressure.io.some.avg10").value == 1.25);
  CHECK(host.reading("pressure.io.full.total").value == 3e6);
  CHECK(host.reading("pressure.cpu.some.total").value == 7000);
  CHECK(host.reading("pressure.cpu.full.avg10").status == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(host.reading("load.5").value == 1.25);
  CHECK(host.reading("threads.total").value == 456);
  CHECK(host.reading("uptime").value == 12.5e9);
  CHECK(host.reading("memory.used").value == 600 * 1024);
  CHECK(host.reading("swap.used").value == 0);
  CHECK(host.reading("swap.used").status == FH_SAMPLE_OK);
}

TEST_CASE("sensors are named by chip, place and label, and scaled") {
  Tree tree;
  tree.write("sys/class/hwmon/hwmon0/name", "coretemp\n");
  tree.write("sys/class/hwmon/hwmon0/temp1_input", "45500\n");
  tree.write("sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n");
  tree.write("sys/class/hwmon/hwmon0/temp1_max", "90000\n");
  tree.write("sys/class/hwmon/hwmon1/name", "nvme\n");
  tree.write("sys/class/hwmon/hwmon1/temp1_input", "38000\n");
  fs::create_symlink("../../../0000:03:00.0", tree.root + "/sys/class/hwmon/hwmon1/device");
  tree.write("sys/class/hwmon/hwmon2/name", "coretemp\n");
  tree.write("sys/class/hwmon/hwmon2/temp1_input", "hot\n");
  tree.write("sys/class/hwmon/hwmon2/temp1_label", "Package id 0\n");
  tree.write("sys/class/hwmon/hwmon2/power1_average", "250000000\n");
  tree.write("sys/class/hwmon/hwmon2/fan1_input", "0\n");
  tree.write("sys/class/powercap/intel-rapl:0/energy_uj", "5000000\n");
  tree.write("sys/class/powercap/intel-rapl:0/name", "package-0\n");
  FakeHost host;
  tree.sample(&host);
  CHECK(host.reading("hwmon.temperature", "coretemp/Package id 0").value == 45.5);
  CHECK(host.reading("hwmon.temperature", "nvme@0000:03:00.0/temp1").value == 38);
  CHECK(host.reading("hwmon.temperature", "coretemp/Package id 0#2").status == FH_SAMPLE_ERROR);
  CHECK(host.reading("hwmon.power", "coretemp/power1").value == 250);
  CHECK(host.reading("hwmon.fan", "coretemp/fan1").status == FH_SAMPLE_OK);
  CHECK(host.reading("cpu.energy", "intel-rapl:0/package-0").value == 5);
}

TEST_CASE("links: counters by column, speed in bytes, up by carrier") {
  Tree tree;
  tree.write(
      "proc/net/dev",
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop "
      "fifo colls carrier compressed\n"
      "    lo: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n"
      "  eth0:100 2 3 4 0 0 0 0 200 6 7 8 0 0 0 0\n"
      "  eth1: 1 2 3\n");
  tree.write("sys/class/net/eth0/speed", "25000\n");
  tree.write("sys/class/net/eth0/carrier", "1\n");
  tree.write("sys/class/net/eth1/speed", "-1\n");
  FakeHost host;
  tree.sample(&host);
  CHECK(host.find_metric("network.received.bytes", "lo") == nullptr);
  CHECK(host.reading("network.received.bytes", "eth0").value == 100);
  CHECK(host.reading("network.received.drops", "eth0").value == 4);
  CHECK(host.reading("network.sent.bytes", "eth0").value == 200);
  CHECK(host.reading("network.sent.errors", "eth0").value == 7);
  CHECK(host.reading("network.speed", "eth0").value == 25000e6 / 8);
  CHECK(host.reading("network.up", "eth0").value == 1);
  CHECK(host.reading("network.received.bytes", "eth1").status == FH_SAMPLE_ERROR);
  CHECK(host.reading("network.speed", "eth1").status == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(host.reading("network.up", "eth1").status == FH_SAMPLE_NOT_SUPPORTED);
}

TEST_CASE("a disk that comes is declared at the next scan, one that goes is unknown until then") {
  Tree tree;
  fs::create_directories(tree.root + "/sys/block/sda");
  fs::create_directories(tree.root + "/sys/block/sdb");
  const std::string sda = "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n";
  const std::string part = "8 1 sda1 1 2 3 4 5 6 7 8 9 10 11\n";
  tree.write("proc/diskstats", sda + part);
  FakeHost host;
  tree.sample(&host);
  CHECK(host.find_metric("disk.reads", "sda1") == nullptr);
  CHECK(host.reading("disk.read.bytes", "sda").value == 3 * 512);
  CHECK(host.reading("disk.written.bytes", "sda").value == 7 * 512);
  CHECK(host.reading("disk.io.time", "sda").value == 10e6);
  const uint32_t id = host.find_metric("disk.reads", "sda")->id;

  tree.write("proc/diskstats", "8 16 sdb 9 2 3 4 5 6 7 8 9 10 11\n");
  REQUIRE(host.sample_all(0) == FH_OK);
  CHECK(host.reading("disk.reads", "sda").status == FH_SAMPLE_UNKNOWN);
  REQUIRE(host.declare(0) == FH_OK);
  CHECK(host.find_metric("disk.reads", "sda") == nullptr);
  REQUIRE(host.sample_all(0) == FH_OK);
  CHECK(host.reading("disk.reads", "sdb").value == 9);
  REQUIRE(host.sample(0, {id}) == FH_OK);  // a number of the past
  CHECK(host.samples.empty());

  tree.write("proc/diskstats", sda);
  REQUIRE(host.declare(0) == FH_OK);
  CHECK(host.find_metric("disk.reads", "sda")->id == id);
}

TEST_CASE("missing is not supported, garbage is an error, and neither is zero") {
  Tree empty;
  FakeHost nothing;
  empty.sample(&nothing);
  CHECK(!nothing.metrics.empty());
  for (const auto& [id, sample] : nothing.samples) CHECK(sample.status == FH_SAMPLE_NOT_SUPPORTED);

  const char* const garbage[] = {"",
                                 "\n",
                                 "nonsense",
                                 "cpu",
                                 "cpu x y z",
                                 "\xff\xfe\n\n",
                                 ": : :",
                                 "MemTotal: lots kB\nMemAvailable:\n",
                                 "some\nfull\n",
                                 "1/2 3/4 5"};
  for (const char* text : garbage) {
    Tree tree;
    for (const char* file : {"stat", "meminfo", "loadavg", "uptime", "pressure/cpu",
                             "pressure/memory", "pressure/io", "diskstats", "mounts", "net/dev"}) {
      tree.write(std::string("proc/") + file, text);
    }
    FakeHost host;
    tree.sample(&host);
    for (const auto& [id, sample] : host.samples) {
      CHECK(sample.status != FH_SAMPLE_OK);
      CHECK(sample.status != FH_SAMPLE_STALE);
    }
    CHECK(host.reading("cpu.user").status == FH_SAMPLE_ERROR);
    CHECK(host.reading("uptime").status == FH_SAMPLE_ERROR);
  }
}

TEST_CASE("files cut at any byte give right values or none") {
  const std::string meminfo = "MemTotal:        1000 kB\nMemAvailable:     400 kB\n";
  for (size_t size = 0; size < meminfo.size(); ++size) {
    Tree tree;
    tree.write("proc/meminfo", meminfo.substr(0, size));
    tree.write("proc/stat", std::string(kStat).substr(0, size));
    FakeHost host;
    tree.sample(&host);
    const FakeSample total = host.reading("memory.total");
    if (total.status == FH_SAMPLE_OK) CHECK(total.value == 1000 * 1024);
    const FakeSample used = host.reading("memory.used");
    if (used.status == FH_SAMPLE_OK) CHECK(used.value == 600 * 1024);
  }
}

TEST_CASE("what may not be read is no permission") {
  if (geteuid() != 0) return;  // only root can take rights away and give them back here
  Tree tree;
  tree.write("proc/uptime", "1.0 1.0\n");
  chmod((tree.root + "/proc/uptime").c_str(), 0);
  chmod(tree.root.c_str(), 0755);
  FakeHost host;
  REQUIRE(host.open(tree.settings()) == FH_OK);
  REQUIRE(seteuid(65534) == 0);
  const int32_t declared = host.declare(0);
  const int32_t sampled = host.sample_all(0);
  REQUIRE(seteuid(0) == 0);
  CHECK(declared == FH_OK);
  CHECK(sampled == FH_OK);
  CHECK(host.reading("uptime").status == FH_SAMPLE_NO_PERMISSION);
}

TEST_CASE("a file that comes back is read again") {
  Tree tree;
  FakeHost host;
  tree.sample(&host);
  CHECK(host.reading("uptime").status == FH_SAMPLE_NOT_SUPPORTED);
  tree.write("proc/uptime", "3.5 1.0\n");
  REQUIRE(host.sample_all(0) == FH_OK);
  CHECK(host.reading("uptime").value == 3.5e9);
}

TEST_CASE("sampling opens no descriptor twice and forgets none") {
  const auto open_count = [] {
    size_t count = 0;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) count += entry.exists();
    return count;
  };
  const size_t before = open_count();
  {
    FakeHost host;
    REQUIRE(host.open({}) == FH_OK);
    REQUIRE(host.declare(0) == FH_OK);
    REQUIRE(host.sample_all(0) == FH_OK);
    const size_t after_one = open_count();
    for (int i = 0; i < 20; ++i) REQUIRE(host.sample_all(0) == FH_OK);
    REQUIRE(host.declare(0) == FH_OK);
    REQUIRE(host.sample_all(0) == FH_OK);
    CHECK(open_count() == after_one);
  }
  CHECK(open_count() == before);
}
