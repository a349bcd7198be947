// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <doctest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <set>
#include <thread>

#include "crew.hh"
#include "energy.hh"
#include "fake_host.hh"
#include "fake_tree.hh"
#include "matrices.hh"
#include "topology.hh"

using farmhand::cpu::Dtype;
using farmhand::cpu::Matrices;

namespace {

const std::string kSensor = "sys/devices/platform/coretemp.0/hwmon/hwmon0/temp1_input";

const FakeTree& built(const char* machine) {
  static std::map<std::string, std::unique_ptr<FakeTree>> trees;
  std::unique_ptr<FakeTree>& tree = trees[machine];
  if (!tree) tree = std::make_unique<FakeTree>(machine);
  return *tree;
}

// The plugin over a machine of files; everything of the first package declared and sampled.
struct Machine {
  explicit Machine(const char* machine) : tree(built(machine)) {
    REQUIRE(host.open({{"root", tree.root()}}) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
    look_again();
  }
  void look_again() {
    REQUIRE(host.declare(0) == FH_OK);
    REQUIRE(host.sample_all(0) == FH_OK);
    REQUIRE(host.check(0) == FH_OK);
  }
  double value(const std::string& name, const std::string& label = {}) const {
    return host.reading(name, label).status == FH_SAMPLE_OK ? host.reading(name, label).value : -1;
  }
  FakeTree tree;
  FakeHost host;
};

std::string fake_blas(const char* name) {
  return std::string(FARMHAND_FAKES) + "/openblas_" + name + ".so";
}

// This machine itself, with a BLAS of ours.
void open_here(FakeHost* host, const std::string& blas) {
  host->deadline_ms = 60'000;
  REQUIRE(host->open({{"openblas", blas}}) == FH_OK);
  REQUIRE(host->enumerate() == FH_OK);
  REQUIRE(!host->devices.empty());
}

size_t threads_of_this_process() {
  return farmhand::names_in("/proc/self/task").names.size();
}

}  // namespace

TEST_CASE("each package is a device with its maker, memory, socket and serial number") {
  Machine machine("cpu/xeon");
  const auto& devices = machine.host.devices;
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].vendor == "intel");
  CHECK(devices[0].model == "Intel(R) Xeon(R) Gold 6338");
  CHECK(devices[0].key == "000000000000abc0");
  CHECK(devices[1].serial == "000000000000abc1");
  CHECK(devices[1].raw.numa_node == 1);
  CHECK(devices[1].raw.index == 1);
  CHECK(devices[0].raw.memory_bytes == 16777216ull * 1024);
  CHECK(devices[0].raw.device_kind == FH_DEVICE_ACCELERATOR);
  Machine epyc("cpu/epyc");
  REQUIRE(epyc.host.devices.size() == 1);
  CHECK(epyc.host.devices[0].vendor == "amd");
}

TEST_CASE("this machine's processors are devices") {
  FakeHost host;
  REQUIRE(host.open({}) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  REQUIRE(!host.devices.empty());
  CHECK(!host.devices[0].model.empty());
  REQUIRE(host.declare(0) == FH_OK);
  REQUIRE(host.sample_all(0) == FH_OK);
  CHECK(host.find_metric("utilization") != nullptr);
}

TEST_CASE("a machine that does not tell its processors is not detectable") {
  const FakeTree tree;
  for (const char* info :
       {"", "garbage", "model name : x\n", "processor : many\n", "processor : -1\n"}) {
    tree.write("proc/cpuinfo", info);
    FakeHost host;
    REQUIRE(host.open({{"root", tree.root()}}) == FH_OK);
    CHECK(host.enumerate() == FH_E_UNSUPPORTED);
    CHECK(std::string(host.err.text).starts_with("not detectable"));
  }
  FakeHost host;
  REQUIRE(host.open({{"root", "/nonexistent"}}) == FH_OK);
  CHECK(host.enumerate() == FH_E_UNSUPPORTED);
}

TEST_CASE("a package without a readable serial number goes by its socket and says so") {
  Machine machine("cpu/epyc");
  for (int cpu = 0; cpu < 16; ++cpu) {
    machine.tree.remove("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/ppin");
  }
  REQUIRE(machine.host.enumerate() == FH_OK);
  CHECK(machine.host.devices[0].key == "package-0");
  CHECK(!machine.host.devices[0].note.empty());
}

TEST_CASE("peaks are operations per cycle, cores and a stated clock, or are not claimed") {
  Machine xeon("cpu/xeon");
  CHECK(xeon.host.devices[0].peaks.at("fp64") == doctest::Approx(32 * 4 * 2000e-6));
  CHECK(xeon.host.devices[0].peaks.at("fp32") == doctest::Approx(64 * 4 * 2000e-6));
  CHECK(xeon.host.devices[0].sources.at("fp64").find("base_frequency") != std::string::npos);
  Machine epyc("cpu/epyc");
  CHECK(epyc.host.devices[0].peaks.at("fp64") == doctest::Approx(16 * 8 * 2000e-6));
  epyc.tree.remove("sys/devices/system/cpu/cpu0/cpufreq");
  REQUIRE(epyc.host.enumerate() == FH_OK);
  CHECK(epyc.host.devices[0].peaks.empty());
  FakeHost stated;
  REQUIRE(stated.open({{"root", epyc.tree.root()}, {"clock_mhz", "3000"}}) == FH_OK);
  REQUIRE(stated.enumerate() == FH_OK);
  CHECK(stated.devices[0].peaks.at("fp32") == doctest::Approx(32 * 8 * 3000e-6));
}

TEST_CASE("readings are the package's own") {
  Machine machine("cpu/xeon");
  CHECK(machine.value("clock.core") == 2400);
  CHECK(machine.value("temperature") == doctest::Approx(51));
  CHECK(machine.value("temperature.limit") == doctest::Approx(100));
  CHECK(machine.value("memory.total") == 16777216.0 * 1024);
  CHECK(machine.value("memory.used") == 12582912.0 * 1024);
  CHECK(machine.value("errors.corrected") == 3);
  CHECK(machine.value("errors.device") == 0);
  CHECK(machine.value("throttle.events") == 0);
  CHECK(machine.value("energy") == 0);
  machine.tree.write("sys/class/powercap/intel-rapl:0/energy_uj", "61000000\n");
  machine.tree.write("sys/class/powercap/intel-rapl:0:0/energy_uj", "1500000\n");
  REQUIRE(machine.host.sample_all(0) == FH_OK);
  CHECK(machine.value("energy") == doctest::Approx(60));
  CHECK(machine.value("energy", "dram") == doctest::Approx(1));
  REQUIRE(machine.host.declare(1) == FH_OK);
  REQUIRE(machine.host.sample_all(1) == FH_OK);
  CHECK(machine.value("clock.core") == 2500);
  CHECK(machine.value("energy") == 0);
  Machine epyc("cpu/epyc");
  CHECK(epyc.value("temperature") == doctest::Approx(61));
}

TEST_CASE("what a virtual machine lacks is not supported, never zero") {
  Machine machine("cpu/epyc");
  for (const char* gone : {"sys/class/powercap", "sys/class/hwmon", "sys/devices/system/edac",
                           "proc/interrupts", "sys/devices/system/node"}) {
    machine.tree.remove(gone);
  }
  REQUIRE(machine.host.sample_all(0) == FH_OK);
  for (const char* name : {"temperature", "energy", "power", "errors.device", "memory.used"}) {
    CAPTURE(name);
    CHECK(machine.host.reading(name).status == FH_SAMPLE_NOT_SUPPORTED);
  }
  FakeHost fresh;
  REQUIRE(fresh.open({{"root", machine.tree.root()}}) == FH_OK);
  REQUIRE(fresh.enumerate() == FH_OK);
  REQUIRE(fresh.declare(0) == FH_OK);
  CHECK(fresh.find_metric("energy") == nullptr);
  CHECK(fresh.find_metric("temperature") == nullptr);
  REQUIRE(fresh.check(0) == FH_OK);
  CHECK(fresh.verdicts.empty());
}

TEST_CASE("nonsense in a file is an error and its verdict unknown") {
  Machine machine("cpu/xeon");
  machine.tree.write(kSensor, "51\n");
  REQUIRE(machine.host.sample_all(0) == FH_OK);
  CHECK(machine.host.reading("temperature").status == FH_SAMPLE_ERROR);
  REQUIRE(machine.host.check(0) == FH_OK);
  CHECK(machine.host.verdict("temperature") == FH_VERDICT_UNKNOWN);
  machine.tree.write("proc/stat", "cpu0 a b c\n");
  machine.tree.write("sys/class/powercap/intel-rapl:0/energy_uj", "-\n");
  machine.tree.write("proc/interrupts", "   CPU0\nMCE:  x  Machine check exceptions\n");
  machine.tree.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "fast\n");
  REQUIRE(machine.host.sample_all(0) == FH_OK);
  for (const char* name : {"utilization", "energy", "power", "errors.device", "clock.core"}) {
    CAPTURE(name);
    CHECK(machine.host.reading(name).status == FH_SAMPLE_ERROR);
  }
  CHECK(machine.value("memory.used") > 0);
}

TEST_CASE("heat, throttling, machine checks and memory errors give their verdicts") {
  Machine machine("cpu/xeon");
  for (const char* check :
       {"temperature", "throttle", "machine_check", "memory.uncorrected", "memory.corrected"}) {
    CAPTURE(check);
    CHECK(machine.host.verdict(check) == FH_VERDICT_OK);
  }
  machine.tree.write(kSensor, "101000\n");
  machine.tree.write("sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count", "2\n");
  machine.tree.write("sys/devices/system/edac/mc/mc0/ue_count", "1\n");
  machine.tree.write("sys/devices/system/edac/mc/mc0/ce_count", "40\n");
  std::string head, row = "MCE:";
  for (int cpu = 0; cpu < 16; ++cpu) {
    head += " CPU" + std::to_string(cpu);
    row += cpu == 3 ? " 1" : " 0";
  }
  machine.tree.write("proc/interrupts", head + "\n" + row + "   Machine check exceptions\n");
  REQUIRE(machine.host.check(0) == FH_OK);
  CHECK(machine.host.verdict("temperature") == FH_VERDICT_FAIL);
  CHECK(machine.host.verdict("throttle") == FH_VERDICT_WARN);
  CHECK(machine.host.verdict("machine_check") == FH_VERDICT_FAIL);
  CHECK(machine.host.verdict("memory.uncorrected") == FH_VERDICT_FAIL);
  CHECK(machine.host.verdict("memory.corrected") == FH_VERDICT_WARN);
  REQUIRE(machine.host.check(0) == FH_OK);
  CHECK(machine.host.verdict("machine_check") == FH_VERDICT_FAIL);  // does not heal by itself
  CHECK(machine.host.verdict("throttle") == FH_VERDICT_OK);
  REQUIRE(machine.host.declare(1) == FH_OK);
  REQUIRE(machine.host.check(1) == FH_OK);  // the other package saw none of it
  for (const auto& [check, verdict] : machine.host.verdicts)
    CHECK(verdict.verdict == FH_VERDICT_OK);
}

TEST_CASE("an energy counter that wraps goes on, and one out of sight for long starts again") {
  const FakeTree tree;
  farmhand::cpu::EnergyZone zone(tree.root());
  tree.write("max_energy_range_uj", "1000000000\n");
  const auto look = [&](const char* microjoules, uint64_t seconds) {
    tree.write("energy_uj", microjoules);
    return zone.look(seconds * 1'000'000'000);
  };
  CHECK(look("999000000\n", 100).value == 0);
  CHECK(look("1000000\n", 101).value == doctest::Approx(2));
  CHECK(look("3000000\n", 102).value == doctest::Approx(4));
  CHECK(look("9000000\n", 1000).value == 0);
  CHECK(look("nonsense\n", 1001).status == FH_SAMPLE_ERROR);
  CHECK(look("2000000000\n", 1002).status == FH_SAMPLE_ERROR);  // beyond its own range
}

TEST_CASE("a job is told where to run") {
  Machine machine("cpu/xeon");
  REQUIRE(machine.host.prepare({1}) == FH_OK);
  CHECK(machine.host.variables["FARMHAND_CPUS"] == "4-7,12-15");
  CHECK(machine.host.variables["FARMHAND_NUMA_NODES"] == "1");
  CHECK(machine.host.variables["OMP_NUM_THREADS"] == "4");
  REQUIRE(machine.host.prepare({0, 1}) == FH_OK);
  CHECK(machine.host.variables["FARMHAND_CPUS"] == "0-15");
  CHECK(machine.host.variables["OMP_NUM_THREADS"] == "8");
  CHECK(machine.host.nodes.empty());
  CHECK(machine.host.prepare({7}) == FH_E_INVALID);
}

TEST_CASE("lists of processors are read and written as the kernel does") {
  using farmhand::cpu::list_from;
  using farmhand::cpu::text_from;
  CHECK(list_from("0-2,8\n") == std::vector<int32_t>{0, 1, 2, 8});
  CHECK(text_from({0, 1, 2, 8}) == "0-2,8");
  for (const char* text : {"", "x", "1-", "0-99999999", "-3"}) CHECK(list_from(text).empty());
}

TEST_CASE("a product of whole numbers is right to the bit or is not") {
  for (const Dtype dtype : {Dtype::kFp64, Dtype::kFp32, Dtype::kBf16, Dtype::kInt8}) {
    const size_t n = 64;
    const Matrices matrices(dtype, n, 7);
    const auto element = [&](const void* matrix, size_t at, bool is_first) -> double {
      float single = 0;
      switch (dtype) {
        case Dtype::kFp64:
          return static_cast<const double*>(matrix)[at];
        case Dtype::kFp32:
          return static_cast<const float*>(matrix)[at];
        case Dtype::kBf16:
          memcpy(reinterpret_cast<char*>(&single) + 2, static_cast<const char*>(matrix) + 2 * at,
                 2);
          return single;
        default:
          return is_first ? static_cast<const uint8_t*>(matrix)[at]
                          : static_cast<const int8_t*>(matrix)[at];
      }
    };
    std::vector<double> wide(n * n, 0);
    std::vector<float> narrow(n * n);
    std::vector<int32_t> whole(n * n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t l = 0; l < n; ++l) {
        for (size_t j = 0; j < n; ++j) {
          wide[i * n + j] +=
              element(matrices.a(), i * n + l, true) * element(matrices.b(), l * n + j, false);
        }
      }
    }
    for (size_t at = 0; at < n * n; ++at) {
      narrow[at] = static_cast<float>(wide[at]);
      whole[at] = static_cast<int32_t>(wide[at]);
    }
    void* product = dtype == Dtype::kFp64   ? static_cast<void*>(wide.data())
                    : dtype == Dtype::kInt8 ? static_cast<void*>(whole.data())
                                            : static_cast<void*>(narrow.data());
    CHECK(matrices.is_product(product));
    const size_t width = matrices.product_bytes() / (n * n);
    for (size_t at = 0; at < n * n; at += 37) {  // the lowest bit of any element
      auto* byte = static_cast<unsigned char*>(product) + at * width;
      *byte ^= 1;
      CHECK(!matrices.is_product(product));
      *byte ^= 1;
    }
    if (dtype == Dtype::kInt8) continue;
    if (dtype == Dtype::kFp64) wide[5] = NAN;
    narrow[5] = INFINITY;
    CHECK(!matrices.is_product(product));
  }
}

TEST_CASE("the same seed gives the same matrices, another others") {
  const Matrices one(Dtype::kFp64, 16, 1), same(Dtype::kFp64, 16, 1), other(Dtype::kFp64, 16, 2);
  CHECK(memcmp(one.a(), same.a(), 16 * 16 * 8) == 0);
  CHECK(memcmp(one.a(), other.a(), 16 * 16 * 8) != 0);
}

TEST_CASE("a library that multiplies wrongly once in a hundred is found out") {
  FakeHost host;
  open_here(&host, fake_blas("wrong"));
  REQUIRE(host.run_test(0, "compute.integrity", 500) == FH_OK);
  CHECK(host.verdict("compute.integrity") == FH_VERDICT_FAIL);
  CHECK(host.verdicts["compute.integrity"].reason == FH_REASON_COMPUTE_WRONG);
  CHECK(host.verdicts["compute.integrity"].sentence.starts_with("processor "));
  CHECK(host.verdicts["compute.integrity"].evidence["results.wrong"].value >= 1);
}

TEST_CASE("a sound library passes, its figure comes with what it rests on, and no thread stays") {
  FakeHost host;
  open_here(&host, fake_blas("good"));
  const size_t before = threads_of_this_process();
  for (const char* test : {"compute.integrity", "memory.bandwidth"}) {
    host.progress = 0;
    REQUIRE(host.run_test(0, test, 200) == FH_OK);
    CHECK(host.verdict(test) == FH_VERDICT_OK);
  }
  CHECK(host.verdicts["memory.bandwidth"].evidence["memory.bandwidth"].value > 1e8);
  host.progress = 0;
  if (getenv("FARMHAND_SLOW") == nullptr) {
    REQUIRE(host.run_test(0, "compute.fp32", 200) == FH_OK);
    CHECK(host.verdict("compute.fp32") == FH_VERDICT_OK);
    CHECK(host.verdicts["compute.fp32"].evidence["compute.fp32"].value > 1e7);
    CHECK(host.verdicts["compute.fp32"].evidence["library"].text == "OpenBLAS 0.0.0 fake");
  }
  CHECK(threads_of_this_process() == before);
}

TEST_CASE("a library that is absent, broken, incomplete or unsafe skips the test with a sentence") {
  const std::pair<std::string, const char*> kCases[] = {
      {"libfarmhand-none.so", "install libopenblas0-pthread"},
      {fake_blas("serial"), "built for one thread only"},
      {fake_blas("no_sgemm"), "lacks 'cblas_sgemm'"}};
  for (const auto& [library, sentence] : kCases) {
    CAPTURE(sentence);
    FakeHost host;
    open_here(&host, library);
    CHECK(host.run_test(0, "compute.fp64", 100) == FH_E_UNSUPPORTED);
    CHECK(std::string(host.err.text).find(sentence) != std::string::npos);
    CHECK(host.verdicts.empty());
    CHECK(host.run_test(0, "memory.bandwidth", 50) == FH_OK);  // needs none
  }
}

TEST_CASE("tests are offered by what the processor can do, and others refused") {
  Machine xeon("cpu/xeon");
  REQUIRE(xeon.host.list_tests(0) == FH_OK);
  CHECK(xeon.host.tests.count("compute.int8") == 1);  // avx512_vnni
  CHECK(xeon.host.tests.count("compute.bf16") == 0);
  CHECK(xeon.host.tests.at("compute.fp64") == (FH_TEST_NEEDS_IDLE | FH_TEST_USES_BUDGET));
  CHECK(xeon.host.run_test(0, "compute.bf16", 10) == FH_E_INVALID);
  CHECK(xeon.host.run_test(0, "compute.fp128", 10) == FH_E_INVALID);
}

TEST_CASE("a cancelled test ends at once and frees the processors") {
  FakeHost host;
  open_here(&host, fake_blas("good"));
  host.cancelled = true;
  const size_t before = threads_of_this_process();
  const uint64_t start_ns = farmhand::boottime_ns();
  CHECK(host.run_test(0, "memory.bandwidth", 60'000) == FH_E_CANCELLED);
  const uint64_t patience_s = getenv("FARMHAND_SLOW") == nullptr ? 5 : 60;
  CHECK(farmhand::boottime_ns() - start_ns < patience_s * 1'000'000'000);
  CHECK(threads_of_this_process() == before);
}

TEST_CASE("what one worker throws stops them all and reaches the caller") {
  const auto mine = farmhand::cpu::allowed_of({0, 1, 2, 3});
  REQUIRE(!mine.empty());
  farmhand::cpu::Crew crew({mine[0], mine[0]}, [](size_t worker, const std::atomic<bool>& stop) {
    if (worker == 1) throw farmhand::Failure(FH_E_UNSUPPORTED, "no");
    while (!stop) std::this_thread::yield();
  });
  while (!crew.wait_for(std::chrono::milliseconds(20))) {
  }
  CHECK_THROWS_AS(crew.rethrow(), farmhand::Failure);
  CHECK(farmhand::cpu::allowed_of({8000}).empty());
}
