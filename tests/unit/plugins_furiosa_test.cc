// SPDX-License-Identifier: Apache-2.0
// The plugin `furiosa` against machines made of files: what each fault gives, and that the other
// card is none the worse for it.
#include <doctest.h>

#include <thread>

#include "fake_host.hh"
#include "fake_tree.hh"
#include "sim/catalogue.hh"

#include "furiosa/catalogue.hh"
#include "furiosa/cores.hh"
#include "furiosa/cycles.hh"

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// A machine and the plugin on it, without the vendor's library and tool.
struct Bench {
  explicit Bench(const std::string& devices, Settings settings = {})
      : Bench(FakeTree(devices), std::move(settings)) {}

  explicit Bench(const FakeTree& machine, Settings settings = {}) : tree(machine) {
    settings.emplace_back("root", tree.root());
    settings.emplace_back("library", "");
    settings.emplace_back("tool", "");
    REQUIRE(host.open(settings) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
  }

  // Status of the call. The samples and verdicts lie in `host`.
  int32_t sample(uint32_t device) {
    const int32_t declared = host.declare(device);
    return declared == FH_OK ? host.sample_all(device) : declared;
  }

  FakeTree tree;
  FakeHost host;
};

constexpr uint32_t kHealthy = 0;
constexpr uint32_t kFaulty = 1;

// The meter's window, by the clock it uses.
void let_a_window_pass() {
  const uint64_t begin = farmhand::boottime_ns();
  while (farmhand::boottime_ns() - begin <= farmhand::furiosa::CycleMeter::kWindowNs) {
    std::this_thread::yield();
  }
}

struct Row {
  const char* fault;
  const char* series;  // and its label's value behind a blank
  int32_t status;
  double value;       // with FH_SAMPLE_OK
  const char* check;  // null: no check sees it
  int32_t verdict;
  const char* reason;
};

constexpr int32_t kGood = FH_SAMPLE_OK;
constexpr int32_t kWrong = FH_SAMPLE_ERROR;
constexpr int32_t kUnknown = FH_SAMPLE_UNKNOWN;
constexpr int32_t kWarn = FH_VERDICT_WARN;
constexpr int32_t kFail = FH_VERDICT_FAIL;
constexpr int32_t kUnclear = FH_VERDICT_UNKNOWN;

// clang-format off
constexpr Row kRows[] = {
    {"hot", "temperature", kGood, 97, "temperature", kWarn, FH_REASON_TEMPERATURE_HIGH},
    {"degrees", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"microdegrees", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"no_heat", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"text_for_number", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"negative_power", "power", kWrong, 0, "power", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"busy", "utilization", kGood, 75, nullptr, 0, nullptr},
    {"busy", "core.utilization 3", kGood, 75, nullptr, 0, nullptr},
    {"idle", "utilization", kGood, 0, nullptr, 0, nullptr},
    {"still", "utilization", kUnknown, 0, nullptr, 0, nullptr},
    {"counters_backwards", "utilization", kUnknown, 0, nullptr, 0, nullptr},
    {"counters_backwards", "core.utilization 7", kUnknown, 0, nullptr, 0, nullptr},
    {"too_busy", "core.utilization 0", kWrong, 0, nullptr, 0, nullptr},
    {"counters_cut", "core.utilization 0", kWrong, 0, nullptr, 0, nullptr},
    {"counters_cut", "cycles 0", kWrong, 0, nullptr, 0, nullptr},
    {"counters_cut", "utilization", kWrong, 0, nullptr, 0, nullptr},
    {"no_counters", "core.utilization 0", FH_SAMPLE_NOT_SUPPORTED, 0, nullptr, 0, nullptr},
    {"strange_state", "power", kGood, 39, "liveness", kUnclear, FH_REASON_DRIVER_UNKNOWN},
    {"atr_axi", "errors.device", kGood, 3, "errors", kWarn, FH_REASON_DEVICE_FAULT},
    {"atr_device", "errors.device", kGood, 1, "errors", kFail, FH_REASON_DEVICE_FAULT},
    {"atr_done", "errors.device", kGood, 0, "errors", FH_VERDICT_OK, ""},
    {"atr_cut", "errors.device", kWrong, 0, "errors", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"one_clock", "clock.core", kWrong, 0, nullptr, 0, nullptr},
    {"many_clocks", "core.clock 0", kWrong, 0, nullptr, 0, nullptr},
    {"no_memory", "memory.used", kUnknown, 0, nullptr, 0, nullptr},
    {"memory_beyond", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"narrow", "link.width", kGood, 8, "link", kWarn, FH_REASON_LINK_DEGRADED},
    {"odd_width", "link.width", kWrong, 0, "link", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"off_the_bus", "link.generation", kWrong, 0, "link", kFail, FH_REASON_DEVICE_LOST},
    {"link_errors", "link.errors.fatal", kGood, 2, "link.errors", kFail, FH_REASON_LINK_FATAL},
};
// clang-format on

FakeSample reading_called(const FakeHost& host, const std::string& series) {
  const size_t blank = std::min(series.find(' '), series.size());
  return host.reading(series.substr(0, blank), series.substr(std::min(blank + 1, series.size())));
}

}  // namespace

TEST_CASE("each fault gives the stated status or verdict, and the other card goes on") {
  const FakeTree two_cards("furiosa/rngd furiosa/rngd");
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.fault));
    CAPTURE(std::string(row.series));
    Bench bench(two_cards);
    for (const uint32_t device : {kHealthy, kFaulty}) {
      REQUIRE(bench.sample(device) == FH_OK);
      REQUIRE(bench.host.check(device) == FH_OK);
    }
    let_a_window_pass();
    bench.tree.apply("furiosa/rngd:beats:busy furiosa/rngd:beats:" + std::string(row.fault));
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    const FakeSample sample = reading_called(bench.host, row.series);
    CHECK(sample.status == row.status);
    if (row.status == FH_SAMPLE_OK) CHECK(sample.value == doctest::Approx(row.value));
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    if (row.check != nullptr) {
      CHECK(bench.host.verdict(row.check) == row.verdict);
      CHECK(bench.host.verdicts[row.check].reason == row.reason);
    }
    REQUIRE(bench.sample(kHealthy) == FH_OK);
    CHECK(bench.host.reading("temperature").value == 41.5);
    CHECK(bench.host.reading("power").value == 39);
    CHECK(bench.host.reading("utilization").value == doctest::Approx(75));
    REQUIRE(bench.host.check(kHealthy) == FH_OK);
    for (const auto& [check, verdict] : bench.host.verdicts) {
      CAPTURE(check);
      CHECK(verdict.verdict == FH_VERDICT_OK);
    }
  }
}

TEST_CASE("a healthy card is known by its serial number and shown with sourced peaks") {
  Bench bench("furiosa/rngd furiosa/warboy");
  REQUIRE(bench.host.devices.size() == 2);
  const FakeDevice& rngd = bench.host.devices[0];
  CHECK(rngd.key == "RNGD000000");
  CHECK(rngd.uuid == "82540B87-1055-48C6-AAB1-C4CC84672C00");
  CHECK(rngd.pci == "0000:10:00.0");
  CHECK(rngd.model == "RNGD");
  CHECK(rngd.firmware == "2026.3.0, 7e25130");
  CHECK(rngd.driver == "2026.3.0, 0abcdef");
  CHECK(rngd.raw.state == FH_DEVICE_MANAGED);
  CHECK(rngd.raw.numa_node == 0);
  CHECK(rngd.peaks.at("fp8") == 512);
  CHECK(!rngd.sources.at("fp8").empty());
  CHECK(bench.host.devices[1].model == "Warboy");
  CHECK(bench.host.devices[1].peaks.at("int8") == 64);
  CHECK(bench.host.devices[1].raw.numa_node == 0);
}

// Two catalogues on purpose: the simulator must not depend on a vendor's plugin, nor the other way
// round. This is what keeps them from drifting apart.
TEST_CASE("the simulator and the plugin state the same peaks with the same sources") {
  for (const char* name : {"RNGD", "Warboy"}) {
    const auto* ours = farmhand::furiosa::find_model(name);
    const auto* simulated = farmhand::sim::find_model(name);
    REQUIRE(ours != nullptr);
    REQUIRE(simulated != nullptr);
    REQUIRE(ours->peaks.size() == simulated->peaks.size());
    for (size_t i = 0; i < ours->peaks.size(); ++i) {
      CHECK(ours->peaks[i].dtype == simulated->peaks[i].dtype);
      CHECK(ours->peaks[i].tera_ops == simulated->peaks[i].tera_ops);
      CHECK(ours->peaks[i].source == simulated->peaks[i].source);
    }
  }
}

TEST_CASE("a card without a driver is on the list, unmanaged, with its link and nothing else") {
  Bench bench("furiosa/rngd furiosa/hidden");
  REQUIRE(bench.host.devices.size() == 2);
  const FakeDevice& hidden = bench.host.devices[1];
  CHECK(hidden.key == "0000:11:00.0");
  CHECK(hidden.raw.state == FH_DEVICE_UNMANAGED);
  CHECK(hidden.note.find("no driver is bound") != std::string::npos);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("link.width").value == 16);
  CHECK(bench.host.find_metric("temperature") == nullptr);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("driver") == FH_VERDICT_FAIL);
  CHECK(bench.host.verdicts["driver"].reason == FH_REASON_DEVICE_UNMANAGED);
  CHECK(bench.host.prepare({kFaulty}) == FH_E_UNSUPPORTED);
}

TEST_CASE("no cards is an empty list; no bus and no driver is not detectable") {
  Bench none("");
  CHECK(none.host.devices.empty());
  FakeHost host;
  REQUIRE(host.open(
              {{"root", "/nonexistent"}, {"library", ""}, {"tool", "/nonexistent/furiosa-smi"}}) ==
          FH_OK);
  CHECK(host.enumerate() == FH_E_UNSUPPORTED);
  const std::string text = host.err.text;
  CHECK(text.find("not detectable") != std::string::npos);
  CHECK(text.find("is not installed") != std::string::npos);
}

TEST_CASE("a card that vanishes after the enumeration is lost, and later gone from the list") {
  for (const char* how : {"vanish", "undriven"}) {
    Bench bench("furiosa/rngd furiosa/rngd");
    bench.tree.apply("furiosa/rngd furiosa/rngd:" + std::string(how));
    CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
    CHECK(bench.host.check(kFaulty) == FH_E_DEVICE_LOST);
    CHECK(bench.sample(kHealthy) == FH_OK);
    REQUIRE(bench.host.enumerate() == FH_OK);
    const bool on_the_bus = std::string(how) == "undriven";
    REQUIRE(bench.host.devices.size() == (on_the_bus ? 2 : 1));
    // It keeps its name though nobody reads it out any more.
    if (on_the_bus) CHECK(bench.host.devices[1].key == "RNGD000001");
    if (on_the_bus) CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
    if (!on_the_bus) CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
  }
}

TEST_CASE("a dead card is lost, and its check says so") {
  Bench bench("furiosa/rngd furiosa/rngd:dead");
  CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("liveness") == FH_VERDICT_FAIL);
  CHECK(bench.host.verdicts["liveness"].reason == FH_REASON_DEVICE_LOST);
  CHECK(bench.sample(kHealthy) == FH_OK);
}

TEST_CASE("a card that got another number is found again, also by its job") {
  Bench bench("furiosa/rngd furiosa/rngd");
  bench.tree.apply("furiosa/rngd furiosa/rngd:renumbered");
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("temperature").value == 41.5);
  REQUIRE(bench.host.prepare({kFaulty}) == FH_OK);
  CHECK(bench.host.variables["FURIOSA_DEVICES"] == "npu:6");
  CHECK(bench.host.nodes.size() == 35);
}

TEST_CASE("a serial number that two cards have, or that is none, is not a key") {
  Bench doubled("furiosa/rngd furiosa/rngd:two_heads");
  CHECK(doubled.host.devices[0].key == "82540B87-1055-48C6-AAB1-C4CC84672C00");
  CHECK(doubled.host.devices[1].key == "82540B87-1055-48C6-AAB1-C4CC84672C01");
  for (const char* fault : {"no_serial", "odd_serial"}) {
    Bench bench("furiosa/rngd furiosa/rngd:" + std::string(fault));
    CHECK(bench.host.devices[1].key == "82540B87-1055-48C6-AAB1-C4CC84672C01");
    CHECK(bench.host.devices[1].serial.empty());
  }
  Bench nameless("furiosa/rngd furiosa/rngd:no_name");
  CHECK(nameless.host.devices[1].key == "0000:11:00.0");
  REQUIRE(nameless.host.check(kFaulty) == FH_OK);
  CHECK(nameless.host.verdict("identity") == FH_VERDICT_WARN);
}

TEST_CASE("a serial number that fails to read for a moment does not make another device") {
  Bench bench("furiosa/rngd furiosa/rngd");
  bench.tree.apply("furiosa/rngd furiosa/rngd:no_serial");
  REQUIRE(bench.host.enumerate() == FH_OK);
  CHECK(bench.host.devices[1].key == "RNGD000001");
  CHECK(bench.host.devices[1].raw.handle == kFaulty);
}

TEST_CASE("an excluded card is not listed") {
  FakeTree tree("furiosa/rngd furiosa/rngd");
  FakeHost host;
  REQUIRE(host.open({{"root", tree.root()}, {"library", ""}, {"tool", ""}}, {"RNGD000000"}) ==
          FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  REQUIRE(host.devices.size() == 1);
  CHECK(host.devices[0].key == "RNGD000001");
}

TEST_CASE("a heartbeat is judged once it was seen moving, and fails when it stops") {
  Bench bench("furiosa/rngd furiosa/rngd", {{"heartbeat_seconds", "1"}});
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("heartbeat") == FH_VERDICT_UNKNOWN);
  bench.tree.apply("furiosa/rngd furiosa/rngd:beats");
  const uint64_t moved = farmhand::boottime_ns();
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("heartbeat") == FH_VERDICT_OK);
  while (bench.host.verdict("heartbeat") == FH_VERDICT_OK) {
    REQUIRE(farmhand::boottime_ns() - moved < 20'000'000'000u);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
  }
  CHECK(farmhand::boottime_ns() - moved >= 1'000'000'000u);
  CHECK(bench.host.verdict("heartbeat") == FH_VERDICT_FAIL);
  CHECK(bench.host.verdicts["heartbeat"].reason == FH_REASON_HEARTBEAT_STOPPED);
}

TEST_CASE("error counters that go back are a restart, and neither well nor a fault") {
  Bench bench("furiosa/rngd furiosa/rngd:atr_axi");
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("errors") == FH_VERDICT_OK);  // what was there before we looked
  bench.tree.apply("furiosa/rngd furiosa/rngd:atr_done");
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("errors") == FH_VERDICT_UNKNOWN);
  CHECK(bench.host.verdicts["errors"].reason == FH_REASON_DEVICE_WAS_RESET);
}

TEST_CASE("a job on whole cards gets all of their nodes and both variables") {
  Bench bench("furiosa/rngd furiosa/rngd");
  REQUIRE(bench.host.prepare({1, 0}) == FH_OK);
  CHECK(bench.host.nodes.size() == 70);
  CHECK(bench.host.variables["FURIOSA_DEVICES"] == "npu:1,npu:0");
  CHECK(bench.host.variables["FURIOSA_VISIBLE_DEVICES"] == "0,1");
  const auto first = bench.host.nodes;
  REQUIRE(bench.host.prepare({1, 0}) == FH_OK);
  CHECK(bench.host.nodes == first);
  for (const std::string& node : first) CHECK(node.starts_with("/dev/rngd/npu"));
  CHECK(bench.host.prepare({0, 0}) == FH_E_INVALID);
}

TEST_CASE("a job on a part of a card gets its own cores' nodes and the shared ones") {
  Bench bench("furiosa/rngd");
  REQUIRE(bench.host.list_slices(0) == FH_OK);
  CHECK(bench.host.slices.size() == 14);
  CHECK(bench.host.slices.at("RNGD000000/cores/0-3").core_count == 4);
  CHECK((bench.host.slices.at("RNGD000000/cores/0-3").flags & FH_SLICE_OCCUPIED) != 0);
  CHECK((bench.host.slices.at("RNGD000000/cores/4-7").flags & FH_SLICE_OCCUPIED) == 0);
  REQUIRE(bench.host.prepare_slices({{0, "RNGD000000/cores/4-7"}}) == FH_OK);
  CHECK(bench.host.nodes.size() == 7 + 21);
  CHECK(bench.host.variables["FURIOSA_DEVICES"] == "npu:0:4-7");
  for (const std::string& node : bench.host.nodes) CHECK(node.find("pe0") == std::string::npos);
  CHECK(bench.host.prepare_slices({{0, "RNGD000000/cores/4-7"}, {0, "RNGD000000/cores/6-7"}}) ==
        FH_E_INVALID);
  CHECK(bench.host.prepare_slices({{0, "RNGD000000/cores/1-2"}}) == FH_E_INVALID);
}

TEST_CASE("Warboy: its own files and nodes, and a 32-bit counter that wraps") {
  Bench bench("furiosa/warboy");
  REQUIRE(bench.sample(0) == FH_OK);
  CHECK(bench.host.reading("temperature").value == 37);
  CHECK(bench.host.reading("temperature", "Temp1").value == 36);
  CHECK(bench.host.reading("power").status == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(bench.host.reading("power", "Power1").value == 11);
  CHECK(bench.host.reading("voltage", "Voltage0").value == doctest::Approx(1.1));
  let_a_window_pass();
  bench.tree.apply("furiosa/warboy:wraps");
  REQUIRE(bench.sample(0) == FH_OK);
  CHECK(bench.host.reading("core.utilization", "0").value == doctest::Approx(100));
  REQUIRE(bench.host.prepare({0}) == FH_OK);
  CHECK(bench.host.nodes == std::vector<std::string>{"/dev/npu0", "/dev/npu0_mgmt", "/dev/npu0pe0",
                                                     "/dev/npu0pe0-1", "/dev/npu0pe1"});
}

TEST_CASE("RNGD and Warboy do not share a job: their numbers collide") {
  Bench bench("furiosa/rngd furiosa/warboy");
  CHECK(bench.host.prepare({0, 1}) == FH_E_INVALID);
}

TEST_CASE("core ranges: whole lists or none") {
  using farmhand::furiosa::ranges_from;
  CHECK(ranges_from("0,1,0-1")->size() == 3);
  CHECK(ranges_from("0-1, 2-3")->size() == 2);
  for (const char* text : {"0,1,0-", "a", "3-1", "0,,1", "64", "0-99999999999"}) {
    CAPTURE(text);
    CHECK(!ranges_from(text));
  }
}
