// SPDX-License-Identifier: Apache-2.0
// The plugin `rebellions` against machines made of files, with the vendor's library in its releases
// and with the vendor's tool: what each fault gives, and that the other device is none the worse.
#include <doctest.h>
#include <farmhand/metrics.h>
#include <sys/file.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "fake_host.hh"
#include "fake_tree.hh"
#include "sim/catalogue.hh"

#include "rebellions/catalogue.hh"
#include "rebellions/groups.hh"
#include "rebellions/states.hh"

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr uint32_t kHealthy = 0;
constexpr uint32_t kFaulty = 1;
constexpr const char* kNewest = "rbln_ml_2026_05";
constexpr const char* kTwo = "rebellions/atom rebellions/atom";

// A machine and the plugin on it. `release` names the fake library, "" is none; the fake tool is
// there if `answers` is.
struct Bench {
  explicit Bench(const std::string& devices, const std::string& release = kNewest,
                 const std::string& scenario = {}, Settings settings = {})
      : Bench(FakeTree(devices), release, scenario, std::move(settings)) {}

  Bench(const FakeTree& machine, const std::string& release, const std::string& scenario = {},
        Settings settings = {}, std::vector<std::string> excluded = {})
      : tree(machine) {
    setenv("FAKE_RBLN_ML", tree.at("scenario").c_str(), 1);
    tree.write("scenario", scenario);
    settings.emplace_back("root", tree.root());
    settings.emplace_back("library", release.empty() ? "" : FARMHAND_FAKES "/" + release + ".so");
    settings.emplace_back("tool", tree.at("rbln-smi"));
    // The tool is a program, which takes its time to start on a busy machine.
    host.deadline_ms = std::filesystem::exists(tree.at("answers/hang")) ? 500 : 30'000;
    REQUIRE(host.open(settings, std::move(excluded)) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
  }
  ~Bench() { unsetenv("FAKE_RBLN_ML"); }

  int32_t sample(uint32_t device) {
    const int32_t declared = host.declare(device);
    return declared == FH_OK ? host.sample_all(device) : declared;
  }

  FakeTree tree;
  FakeHost host;
};

void add_tool(const FakeTree& tree, int devices, const std::string& dialect = {}) {
  std::filesystem::create_directories(tree.at("answers"));
  std::filesystem::copy(FARMHAND_SOURCE_DIR "/tests/fakes/rbln_smi", tree.at("rbln-smi"));
  const std::string make = "python3 " FARMHAND_SOURCE_DIR "/tests/fakes/rebellions.py ";
  REQUIRE(
      std::system((make + tree.at("answers/json") + " " + std::to_string(devices) + " " + dialect)
                      .c_str()) == 0);
}

void check_healthy(Bench& bench) {
  REQUIRE(bench.sample(kHealthy) == FH_OK);
  CHECK(bench.host.reading("temperature").value == 41);
  CHECK(bench.host.reading("power").value == 52);
  CHECK(bench.host.reading("utilization").value == 12);
  CHECK(bench.host.reading("memory.used").value == 4096);
  CHECK(bench.host.reading("memory.total").value == 16877879296);
  CHECK(bench.host.reading("performance.state").value == 4);
  CHECK(bench.host.reading("throttle.reasons").status == FH_SAMPLE_OK);
  REQUIRE(bench.host.check(kHealthy) == FH_OK);
  for (const auto& [check, verdict] : bench.host.verdicts) {
    CAPTURE(check);
    CHECK(verdict.verdict == FH_VERDICT_OK);
  }
}

struct Row {
  const char* fault;     // of the files
  const char* scenario;  // of the library
  const char* series;
  int32_t status;
  double value;  // with FH_SAMPLE_OK
  const char* check;
  int32_t verdict;
  const char* reason;
};

constexpr int32_t kGood = FH_SAMPLE_OK;
constexpr int32_t kWrong = FH_SAMPLE_ERROR;
constexpr int32_t kUnknown = FH_SAMPLE_UNKNOWN;
constexpr int32_t kNone = FH_SAMPLE_NOT_SUPPORTED;
constexpr int32_t kWarn = FH_VERDICT_WARN;
constexpr int32_t kFail = FH_VERDICT_FAIL;
constexpr int32_t kUnclear = FH_VERDICT_UNKNOWN;

// clang-format off
constexpr Row kRows[] = {
    // Status by the driver's version.
    {"status1", "", "power", kGood, 52, "status", FH_VERDICT_OK, ""},
    {"status2", "", "power", kGood, 52, "status", kUnclear, FH_REASON_DEVICE_WAS_RESET},
    {"status3", "", "power", kGood, 52, "status", kUnclear, FH_REASON_DRIVER_UNKNOWN},
    {"status4", "", "power", kGood, 52, "status", kUnclear, FH_REASON_DRIVER_UNKNOWN},
    {"status5", "", "power", kGood, 52, "status", kUnclear, FH_REASON_DEVICE_WAS_RESET},
    {"status7", "", "power", kGood, 52, "status", kUnclear, FH_REASON_DRIVER_UNKNOWN},
    {"driver_old:status3", "", "power", kGood, 52, "status", kFail, FH_REASON_DEVICE_FAULT},
    {"driver_old:status4", "", "power", kGood, 52, "status", kUnclear, FH_REASON_DEVICE_WAS_RESET},
    {"driver_odd:status3", "", "power", kGood, 52, "status", kUnclear, FH_REASON_DRIVER_UNKNOWN},
    {"status_text", "", "power", kGood, 52, "status", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"no_status", "", "power", kGood, 52, "status", kUnclear, FH_REASON_READING_FAILED},
    // Files.
    {"memory_beyond", "", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"memory_text", "", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"memory_cut", "", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"no_memory", "1 used 8192", "memory.used", kGood, 8192, nullptr, 0, nullptr},
    {"no_memory", "1 used 99877879296", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"no_memory", "1 contexts 128", "memory.used", kUnknown, 0, "contexts", kUnclear, FH_REASON_READING_FAILED},
    {"no_memory", "1 code contexts 99", "memory.used", kWrong, 0, "contexts", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"narrow", "", "link.width", kGood, 8, "link", kWarn, FH_REASON_LINK_DEGRADED},
    {"off_the_bus", "", "link.generation", kWrong, 0, "link", kFail, FH_REASON_DEVICE_LOST},
    {"link_errors", "", "link.errors.fatal", kGood, 2, "link.errors", kWarn, FH_REASON_LINK_ERRORS},
    {"no_link", "", "power", kGood, 52, "status", FH_VERDICT_OK, ""},
    // The library.
    {"", "1 temperature 95", "temperature", kGood, 95, "temperature", kWarn, FH_REASON_TEMPERATURE_HIGH},
    {"", "1 temperature 41000", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 temperature 0", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 temperature 4294967295", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 code temperature 999", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 code temperature -7", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 code temperature 3", "temperature", FH_SAMPLE_NO_PERMISSION, 0, "temperature", kUnclear, FH_REASON_READING_FAILED},
    {"", "1 code temperature 5", "temperature", kWrong, 0, "calls", kWarn, FH_REASON_DEVICE_FAULT},
    {"", "1 power 52", "power", kWrong, 0, "power", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 power 52000", "power", kWrong, 0, "power", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 power 4294967295", "power", kWrong, 0, "power", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 util 140", "utilization", kWrong, 0, nullptr, 0, nullptr},
    {"", "1 pstate 14", "throttle.reasons", kGood, 0, "throttle", FH_VERDICT_OK, ""},
    {"", "1 pstate 6", "throttle.reasons", kGood, FH_THROTTLE_OTHER, "throttle", FH_VERDICT_OK, ""},
    {"", "1 pstate 10", "throttle.reasons", kGood, FH_THROTTLE_THERMAL, "throttle", kWarn, FH_REASON_THROTTLE_THERMAL},
    {"", "1 pstate 12", "throttle.reasons", kGood, FH_THROTTLE_HARDWARE, "throttle", kFail, FH_REASON_DEVICE_HUNG},
    {"", "1 pstate 13", "throttle.reasons", kUnknown, 0, "throttle", kUnclear, FH_REASON_DRIVER_UNKNOWN},
    {"", "1 pstate 70000", "performance.state", kWrong, 0, "throttle", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"", "1 guilty 1", "contexts", kGood, 2, "contexts", kWarn, FH_REASON_CONTEXT_FAULT},
    {"", "1 error 7", "contexts", kGood, 2, "contexts", kWarn, FH_REASON_CONTEXT_FAULT},
    {"", "1 contexts 0", "contexts", kGood, 0, "contexts", FH_VERDICT_OK, ""},
    {"", "1 endless", "temperature", kNone, 0, "temperature", kUnclear, FH_REASON_READING_FAILED},
    {"", "1 code info 5", "temperature", kNone, 0, "temperature", kUnclear, FH_REASON_READING_FAILED},
};
// clang-format on

}  // namespace

TEST_CASE("each fault gives the stated status or verdict, and the other device goes on") {
  const FakeTree machine(kTwo);
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.fault));
    CAPTURE(std::string(row.scenario));
    const FakeTree faulty(machine);
    if (*row.fault != '\0') {
      faulty.apply("rebellions/atom rebellions/atom:" + std::string(row.fault));
    }
    Bench bench(faulty, kNewest, row.scenario);
    check_healthy(bench);
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    const FakeSample sample = bench.host.reading(row.series);
    CHECK(sample.status == row.status);
    if (row.status == kGood) CHECK(sample.value == doctest::Approx(row.value));
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    if (row.check != nullptr) {
      CHECK(bench.host.verdict(row.check) == row.verdict);
      CHECK(bench.host.verdicts[row.check].reason == row.reason);
    }
    check_healthy(bench);
  }
}

TEST_CASE("a device is known by its UUID and shown with sourced peaks and its group") {
  Bench bench("rebellions/atom rebellions/rebel:grouped", "");
  Bench known("rebellions/atom rebellions/atom:grouped", kNewest, "1 group 3");
  REQUIRE(known.host.devices.size() == 2);
  const FakeDevice& atom = known.host.devices[0];
  CHECK(atom.key == "5be1a2f0-0000-4000-8000-000000000000");
  CHECK(atom.serial == "9000");
  CHECK(atom.pci == "0000:10:00.0");
  CHECK(atom.model == "ATOM+");
  CHECK(atom.driver == "3.4.0-abc123");
  CHECK(atom.firmware == "3.2.2");
  CHECK(atom.raw.state == FH_DEVICE_MANAGED);
  CHECK(atom.raw.memory_bytes == 16877879296);
  CHECK(atom.peaks.at("int8") == 128);
  CHECK(!atom.sources.at("int8").empty());
  CHECK(known.host.devices[1].note == "RBLN-CA22, in RSD group 3");
  // Without library and tool nobody says who it is.
  CHECK(bench.host.devices[0].key == "0000:10:00.0");
  CHECK(bench.host.devices[1].model == "REBEL-Quad");
  CHECK(bench.host.devices[1].peaks.at("fp8") == 2000);
  REQUIRE(bench.host.check(1) == FH_OK);
  CHECK(bench.host.verdict("identity") == kWarn);
}

TEST_CASE("four devices with one serial number are one card, and do not count fourfold") {
  const std::string same = "* serial 7000";
  Bench bench("rebellions/max rebellions/max rebellions/max rebellions/max", kNewest,
              "* devices 4\n" + same);
  REQUIRE(bench.host.devices.size() == 4);
  double int8 = 0;
  for (const FakeDevice& device : bench.host.devices) {
    CHECK(device.model == "ATOM-Max");
    CHECK(device.note == "RBLN-CA25, one of 4 devices of card 7000");
    CHECK(device.key != "7000");
    int8 += device.peaks.at("int8");
  }
  CHECK(int8 == 512);
}

TEST_CASE("the simulator states a card's peaks, the plugin its devices'") {
  for (const char* part : {"RBLN-CA02", "RBLN-CA12", "RBLN-CA22", "RBLN-CA25", "RBLN-CR13"}) {
    const auto* ours = farmhand::rebellions::find_model(part);
    REQUIRE(ours != nullptr);
    const auto* simulated = farmhand::sim::find_model(ours->name);
    REQUIRE(simulated != nullptr);
    REQUIRE(ours->peaks.size() == simulated->peaks.size());
    for (size_t i = 0; i < ours->peaks.size(); ++i) {
      CHECK(ours->peaks[i].dtype == simulated->peaks[i].dtype);
      CHECK(ours->peaks[i].tera_ops * ours->devices_per_card == simulated->peaks[i].tera_ops);
    }
  }
  CHECK(farmhand::rebellions::find_model("RBLN-CR23") == nullptr);
  CHECK(farmhand::rebellions::find_model("RBLN-CA1") == nullptr);
  CHECK(farmhand::rebellions::part_of_pci(0x1221) == "RBLN-CA22");
  CHECK(farmhand::rebellions::part_of_pci(0x1ff0).empty());
}

TEST_CASE("a device without a driver is on the list, unmanaged, with its link and nothing else") {
  Bench bench("rebellions/atom rebellions/hidden", kNewest, "* devices 1");
  REQUIRE(bench.host.devices.size() == 2);
  CHECK(bench.host.devices[1].key == "0000:11:00.0");
  CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(bench.host.devices[1].note.find("no driver is bound") != std::string::npos);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("link.width").value == 16);
  CHECK(bench.host.find_metric("temperature") == nullptr);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdicts["driver"].reason == FH_REASON_DEVICE_UNMANAGED);
  CHECK(bench.host.prepare({kFaulty}) == FH_E_UNSUPPORTED);
}

TEST_CASE("no devices is an empty list; no bus and no driver is not detectable") {
  Bench none("");
  CHECK(none.host.devices.empty());
  FakeHost host;
  REQUIRE(host.open({{"root", "/nonexistent"}, {"library", ""}, {"tool", "/nonexistent/smi"}}) ==
          FH_OK);
  CHECK(host.enumerate() == FH_E_UNSUPPORTED);
  const std::string text = host.err.text;
  CHECK(text.find("not detectable") != std::string::npos);
  CHECK(text.find("is not installed") != std::string::npos);
}

TEST_CASE("a physical function with virtual ones is not a device, and they are") {
  Bench bench("rebellions/hidden:virtual", "");
  REQUIRE(bench.host.devices.size() == 1);
  CHECK(bench.host.devices[0].pci == "0000:17:00.0");
  CHECK(bench.host.devices[0].peaks.empty());  // what part of the chip it has, nobody says
}

TEST_CASE("a device that vanishes after the enumeration is lost, and later gone from the list") {
  for (const char* how : {"vanish", "undriven"}) {
    CAPTURE(how);
    Bench bench(kTwo);
    bench.tree.apply("rebellions/atom rebellions/atom:" + std::string(how));
    bench.tree.write("scenario", "* devices 1");
    CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
    CHECK(bench.host.check(kFaulty) == FH_E_DEVICE_LOST);
    check_healthy(bench);
    REQUIRE(bench.host.enumerate() == FH_OK);
    const bool on_the_bus = std::string(how) == "undriven";
    REQUIRE(bench.host.devices.size() == (on_the_bus ? 2 : 1));
    // It keeps its name though nobody says it any more.
    if (on_the_bus) CHECK(bench.host.devices[1].key == "5be1a2f0-0000-4000-8000-000000000001");
    if (on_the_bus) CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
    if (!on_the_bus) CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
  }
}

TEST_CASE("a device that the library does not find any more is lost") {
  Bench bench(kTwo, kNewest, "1 code pstate 4");
  CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdicts["calls"].reason == FH_REASON_DEVICE_LOST);
  check_healthy(bench);
}

TEST_CASE("a device that got another number is found again") {
  Bench bench(kTwo);
  bench.tree.apply("rebellions/atom rebellions/atom:renumbered");
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("memory.used").value == 4096);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("status") == FH_VERDICT_OK);
}

TEST_CASE("a state that should have passed is a fault when it stays") {
  struct Case {
    const char* fault;
    const char* reason;
  };
  constexpr Case kCases[] = {{"status2", FH_REASON_DEVICE_HUNG},
                             {"status3", FH_REASON_DEVICE_FAULT},
                             {"status4", FH_REASON_DEVICE_FAULT},
                             {"status5", FH_REASON_DEVICE_FAULT}};
  for (const Case& each : kCases) {
    Bench bench("rebellions/atom rebellions/atom:" + std::string(each.fault), kNewest, "",
                {{"state_seconds", "0"}});
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    CHECK(bench.host.verdict("status") == kFail);
    CHECK(bench.host.verdicts["status"].reason == each.reason);
    CHECK(bench.host.verdicts["status"].sentence.find(each.fault[6]) != std::string::npos);
  }
}

TEST_CASE("a 5 seen once proves the new table: 4 is a fault then and 3 a start") {
  Bench bench("rebellions/atom rebellions/atom:status4");
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("status") == kUnclear);
  bench.tree.apply("rebellions/atom:status5");
  REQUIRE(bench.host.check(kHealthy) == FH_OK);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("status") == kFail);
  bench.tree.apply("rebellions/atom rebellions/atom:status3");
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdicts["status"].reason == FH_REASON_DEVICE_WAS_RESET);
}

TEST_CASE("the driver's version decides the table once an operator knows where it changes") {
  using farmhand::rebellions::StatusTable;
  using farmhand::rebellions::Table;
  const StatusTable unknown("");
  CHECK(unknown.of("3.0.0") == Table::kOld);
  CHECK(unknown.of("3.4.0-abc123") == Table::kEither);
  CHECK(unknown.of("") == Table::kEither);
  const StatusTable known("3.5.0");
  CHECK(known.of("3.4.9") == Table::kOld);
  CHECK(known.of("3.5.0-x") == Table::kShifted);
  CHECK(known.of("ten") == Table::kEither);
}

TEST_CASE("REBEL's P-states are shown; P10 and P12 are not taken for what they are on ATOM") {
  for (const char* state : {"10", "12", "6"}) {
    Bench bench("rebellions/rebel", kNewest, "* devices 1\n0 pstate " + std::string(state));
    REQUIRE(bench.sample(0) == FH_OK);
    CHECK(bench.host.reading("performance.state").value == std::stod(state));
    CHECK(bench.host.reading("throttle.reasons").status == kUnknown);
    REQUIRE(bench.host.check(0) == FH_OK);
    CHECK(bench.host.verdict("throttle") == kUnclear);
  }
}

TEST_CASE("the library in its releases: what a release lacks is not supported") {
  const FakeTree machine("rebellions/atom rebellions/atom:no_memory");
  struct Release {
    const char* name;
    int32_t temperature, memory, power;
  };
  constexpr Release kReleases[] = {{"rbln_ml_old", kGood, kNone, kGood},
                                   {"rbln_ml_2026_05", kGood, kGood, kGood},
                                   {"rbln_ml_no_temperature", kNone, kGood, kGood},
                                   {"rbln_ml_other", kNone, kNone, kNone}};
  for (const Release& release : kReleases) {
    CAPTURE(std::string(release.name));
    Bench bench(machine, release.name);
    REQUIRE(bench.host.devices.size() == 2);
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    CHECK(bench.host.reading("temperature").status == release.temperature);
    if (release.temperature == kGood) CHECK(bench.host.reading("temperature").value == 41);
    CHECK(bench.host.reading("memory.used").status == release.memory);
    CHECK(bench.host.reading("power").status == release.power);
  }
}

TEST_CASE("which unit of temperature was concluded is in the evidence") {
  Bench milli(kTwo, "rbln_ml_old");
  REQUIRE(milli.host.check(0) == FH_OK);
  const FakeEvidence& raw = milli.host.verdicts["temperature"].evidence.at("temperature.raw");
  CHECK(raw.value == 41000);
  CHECK(raw.text == "m°C");
  Bench degrees(kTwo);
  REQUIRE(degrees.host.check(0) == FH_OK);
  CHECK(degrees.host.verdicts["temperature"].evidence.at("temperature.raw").text == "°C");
  Bench told(kTwo, kNewest, "", {{"temperature_unit", "millicelsius"}});
  REQUIRE(told.sample(0) == FH_OK);
  CHECK(told.host.reading("temperature").status == kWrong);
}

TEST_CASE("a number of devices that cannot be is not believed; a full list is a list") {
  Bench many(kTwo, kNewest, "* count 4000000");
  CHECK(many.host.devices.size() == 2);
  CHECK(many.host.devices[1].key == "0000:11:00.0");
  REQUIRE(many.sample(kFaulty) == FH_OK);
  CHECK(many.host.reading("memory.used").value == 4096);
  Bench full(kTwo, kNewest, "* devices 64");
  CHECK(full.host.devices.size() == 2);  // the bus has no more than these
  const FakeTree no_bus(kTwo);
  no_bus.remove("sys/bus");
  Bench all(no_bus, kNewest, "* devices 64");
  CHECK(all.host.devices.size() == 64);
}

TEST_CASE("a handle that means another device since gives nothing") {
  Bench bench(kTwo);
  bench.tree.write("scenario", "0 bdf 0000:11:00.0\n1 bdf 0000:10:00.0\n0 temperature 66\n");
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("temperature").status == kUnknown);
}

TEST_CASE("a call that hangs for one device keeps nobody from the other's files") {
  Bench bench(kTwo, kNewest, "1 hang pstate");
  REQUIRE(bench.host.declare(kFaulty) == FH_OK);
  const uint32_t state = bench.host.find_metric("performance.state")->id;
  std::thread hung([&] {
    const fh_call call = bench.host.call_for(kFaulty);
    bench.host.table<fh_telemetry>(FH_TELEMETRY_ID).sample(bench.host.self(), &call, &state, 1);
  });
  // Until the thread is in the library, this look gets there first and everything is known.
  do {
    REQUIRE(bench.sample(kHealthy) == FH_OK);
    CHECK(bench.host.reading("memory.used").value == 4096);
  } while (bench.host.reading("power").status != kUnknown);
  bench.tree.write("scenario", "");
  hung.join();
  check_healthy(bench);
}

TEST_CASE("a library that does not start is said, and tried again") {
  Bench bench(kTwo, kNewest, "* code init 5");
  CHECK(bench.host.logs.back().find("does not start: code 5") != std::string::npos);
  bench.tree.write("scenario", "");
  REQUIRE(bench.host.enumerate() == FH_OK);
  // Now that somebody says who they are, they are known by their names.
  CHECK(bench.host.devices[0].key == "5be1a2f0-0000-4000-8000-000000000000");
  REQUIRE(bench.sample(bench.host.devices[0].raw.handle) == FH_OK);
  CHECK(bench.host.reading("temperature").value == 41);
}

TEST_CASE("while a device is quarantined the library opens the others only") {
  FakeTree machine(kTwo);
  add_tool(machine, 2);
  const std::string sick = "5be1a2f0-0000-4000-8000-000000000001";
  Bench bench(machine, kNewest, "1 hang info", {}, {sick});
  REQUIRE(bench.host.devices.size() == 1);
  CHECK(bench.host.devices[0].key == "5be1a2f0-0000-4000-8000-000000000000");
  REQUIRE(bench.sample(kHealthy) == FH_OK);
  CHECK(bench.host.reading("temperature").value == 41);
  Bench old(machine, "rbln_ml_old", "", {}, {sick});
  REQUIRE(old.sample(kHealthy) == FH_OK);
  CHECK(old.host.reading("temperature").status == kNone);
  machine.write("answers/refused", "-j");
  FakeHost blind;
  blind.deadline_ms = 30'000;
  REQUIRE(blind.open({{"root", machine.root()}, {"library", ""}, {"tool", machine.at("rbln-smi")}},
                     {sick}) == FH_OK);
  CHECK(blind.enumerate() == FH_E_UNSUPPORTED);
}

namespace {

// In the second device's part, the last place of `from` in the tool's answer.
void replace(const FakeTree& tree, const std::string& from, const std::string& to) {
  std::ifstream file(tree.at("answers/json"));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const size_t at = text.rfind(from);
  REQUIRE(at != std::string::npos);
  tree.write("answers/json", text.replace(at, from.size(), to));
}

struct ToolRow {
  const char* from;
  const char* to;
  const char* series;
  int32_t status;
  double value;
};

constexpr ToolRow kToolRows[] = {
    {"\"41\"", "41", "temperature", kGood, 41},
    {"\"41\"", "\"41 °C\"", "temperature", kGood, 41},
    {"\"41\"", "\"41000\"", "temperature", kWrong, 0},
    {"\"41\"", "\"41F\"", "temperature", kWrong, 0},
    {"\"41\"", "\"\"", "temperature", kWrong, 0},
    {"\"41\"", "true", "temperature", kWrong, 0},
    {"\"41\"", "\"N/A\"", "temperature", kNone, 0},
    {"\"41\"", "null", "temperature", kNone, 0},
    {"\"52.0\"", "\"52000000\"", "power", kWrong, 0},
    {"\"52.0\"", "\"52.0mW\"", "power", kWrong, 0},
    {"\"52.0\"", "\"-52.0W\"", "power", kWrong, 0},
    {"\"52.0\"", "\"nan\"", "power", kWrong, 0},
    {"\"P4\"", "\"P10\"", "throttle.reasons", kGood, FH_THROTTLE_THERMAL},
    {"\"P4\"", "4", "performance.state", kGood, 4},
    {"\"P4\"", "\"4\"", "performance.state", kWrong, 0},
    {"\"12.0\"", "\"120%\"", "utilization", kWrong, 0},
    {"\"used\": \"4096\"", "\"used\": 4096", "memory.used", kGood, 4096},
    {"\"used\": \"4096\"", "\"used\": \"4096MiB\"", "memory.used", kWrong, 0},
    {"\"used\": \"4096\"", "\"used\": \"99877879296\"", "memory.used", kWrong, 0},
    {"\"used\": \"4096\"", "\"other\": \"4096\"", "memory.used", kNone, 0},
};

}  // namespace

TEST_CASE("devices that only the tool shows are managed by it, in both of its dialects") {
  for (const char* dialect : {"", "old"}) {
    CAPTURE(dialect);
    FakeTree machine("rebellions/hidden rebellions/hidden");
    add_tool(machine, 2, dialect);
    if (*dialect != '\0') machine.write("answers/refused", "-g");
    Bench bench(machine, "");
    REQUIRE(bench.host.devices.size() == 2);
    CHECK(bench.host.devices[1].key == "5be1a2f0-0000-4000-8000-000000000001");
    CHECK(bench.host.devices[1].driver == "3.2.2");
    CHECK(bench.host.devices[1].raw.state == FH_DEVICE_MANAGED);
    check_healthy(bench);
    CHECK(bench.host.reading("contexts").value == 1);
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    CHECK(bench.host.reading("contexts").value == 0);
  }
}

TEST_CASE("what the tool prints is a text or a number, with its own unit, or not taken") {
  FakeTree machine("rebellions/hidden rebellions/hidden");
  add_tool(machine, 2);
  for (const ToolRow& row : kToolRows) {
    CAPTURE(std::string(row.to));
    const FakeTree faulty(machine);
    replace(faulty, row.from, row.to);
    Bench bench(faulty, "");
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    CHECK(bench.host.reading(row.series).status == row.status);
    if (row.status == kGood) CHECK(bench.host.reading(row.series).value == row.value);
    check_healthy(bench);
  }
}

TEST_CASE("a device that the tool does not call normal is never well") {
  FakeTree machine("rebellions/hidden rebellions/hidden");
  add_tool(machine, 2);
  replace(machine, "\"normal\"", "\"abort\"");
  Bench bench(machine, "");
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("status") == kUnclear);
  check_healthy(bench);
}

TEST_CASE("a tool that is cut short, fails, hangs or is missing leaves the devices unmanaged") {
  for (const char* how : {"cut", "fail", "hang", "missing", "no object"}) {
    CAPTURE(how);
    FakeTree machine("rebellions/hidden rebellions/hidden");
    add_tool(machine, 2);
    const std::string word = how;
    if (word == "cut") replace(machine, "}]", "");
    if (word == "fail") machine.write("answers/refused", "-j");
    if (word == "hang") machine.write("answers/hang", "");
    if (word == "missing") machine.remove("rbln-smi");
    if (word == "no object") machine.write("answers/json", "[]");
    Bench bench(machine, "");
    REQUIRE(bench.host.devices.size() == 2);
    CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
    CHECK(bench.host.devices[1].key == "0000:11:00.0");
  }
}

TEST_CASE("a document cut anywhere gives no report, and never a crash") {
  FakeTree machine("");
  add_tool(machine, 1, "old");
  std::ifstream file(machine.at("answers/json"));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  CHECK(farmhand::rebellions::report_from(text).cards.size() == 1);
  for (size_t size = 0; size < text.size(); ++size) {
    CHECK(!farmhand::rebellions::report_from(text.substr(0, size)).ok());
  }
}

namespace {

int32_t release(Bench& bench, const std::vector<uint32_t>& devices) {
  std::vector<fh_leased> leased;
  for (const uint32_t each : devices) leased.push_back({each, 0, {}});
  fh_lease lease = farmhand::made<fh_lease>();
  lease.id = farmhand::str("lease-1");
  lease.devices = leased.data();
  lease.device_count = static_cast<uint32_t>(leased.size());
  const fh_call call = bench.host.call_for(FH_NO_DEVICE);
  return bench.host.table<fh_jobenv>(FH_JOBENV_ID).release(bench.host.self(), &call, &lease);
}

struct JobBench : Bench {
  explicit JobBench(const std::string& devices, Settings settings = {})
      : Bench(with_tool(devices), kNewest, "* devices 3", std::move(settings)) {}
  static FakeTree with_tool(const std::string& devices) {
    FakeTree tree(devices);
    add_tool(tree, 3);
    return tree;
  }
  std::string groups() const {
    std::ifstream file(tree.at("sys/class/rebellions/rsd/rsd_group"));
    return std::string((std::istreambuf_iterator<char>(file)), {});
  }
};

const std::string kThree = "rebellions/atom rebellions/atom rebellions/atom";

}  // namespace

TEST_CASE("a job gets a group that has exactly its devices, and repeats change nothing") {
  JobBench bench(kThree);
  const std::string before = bench.groups();
  REQUIRE(bench.host.prepare({2, 1}) == FH_OK);
  CHECK(bench.host.nodes == std::vector<std::string>{"/dev/rbln1", "/dev/rbln2", "/dev/rsd1"});
  CHECK(bench.host.variables["RBLN_VISIBLE_DEVICES"] == "2,1");
  CHECK(bench.host.variables["RBLN_DEVICES"] == "2,1");
  const std::string made = bench.groups();
  REQUIRE(bench.host.prepare({2, 1}) == FH_OK);
  CHECK(bench.host.nodes.size() == 3);
  CHECK(bench.groups() == made);
  CHECK(made != before);
  CHECK(bench.host.prepare({1, 1}) == FH_E_INVALID);
  REQUIRE(bench.host.prepare({0}) == FH_OK);  // beside it
  CHECK(bench.host.nodes.back() == "/dev/rsd2");
  CHECK(bench.host.prepare({0, 1}) == FH_E_INVALID);  // group 1 also has another's device
  REQUIRE(release(bench, {2, 1}) == FH_OK);
  REQUIRE(release(bench, {2, 1}) == FH_OK);
  REQUIRE(release(bench, {0}) == FH_OK);
  REQUIRE(release(bench, {0, 7}) == FH_OK);  // one that is gone
  using farmhand::rebellions::groups_from;
  CHECK(groups_from(bench.groups()) == groups_from(before));
}

TEST_CASE("a change of groups that numbers the devices anew is followed") {
  JobBench bench(kThree);
  bench.tree.write("answers/moves", "1 8");
  REQUIRE(bench.host.prepare({1}) == FH_OK);
  CHECK(bench.host.nodes == std::vector<std::string>{"/dev/rbln8", "/dev/rsd1"});
  CHECK(bench.host.variables["RBLN_VISIBLE_DEVICES"] == "2");  // the third that is present
}

TEST_CASE("an operator's group is used as it is, and none is made where that is not wanted") {
  JobBench bench("rebellions/atom rebellions/atom:grouped rebellions/atom", {{"groups", "keep"}});
  REQUIRE(bench.host.prepare({1}) == FH_OK);
  CHECK(bench.host.nodes.back() == "/dev/rsd3");
  CHECK(bench.host.prepare({0}) == FH_E_INVALID);
  CHECK(std::string(bench.host.err.text).find("rbln-smi group -c") != std::string::npos);
  const std::string before = bench.groups();
  REQUIRE(release(bench, {1}) == FH_OK);
  CHECK(bench.groups() == before);
}

TEST_CASE("the vendor's lock is respected") {
  JobBench bench(kThree);
  const int held =
      open(bench.tree.at("var/run/rbln-rsd-group.lock").c_str(), O_RDWR | O_CREAT, 0644);
  REQUIRE(flock(held, LOCK_EX) == 0);
  bench.host.deadline_ms = 2000;
  CHECK(bench.host.prepare({1}) == FH_E_AGAIN);
  close(held);
  bench.host.deadline_ms = 30'000;
  CHECK(bench.host.prepare({1}) == FH_OK);
}

TEST_CASE("a tool that cannot make a group fails the job and leaves the groups alone") {
  JobBench bench(kThree);
  const std::string before = bench.groups();
  bench.tree.write("answers/refused", "group");
  CHECK(bench.host.prepare({1}) == FH_E_INTERNAL);
  CHECK(bench.groups() == before);
}

TEST_CASE("a driver without groups: the devices' nodes alone") {
  FakeTree machine("rebellions/atom:no_groups");
  Bench bench(machine, kNewest, "* devices 1");
  REQUIRE(bench.host.prepare({0}) == FH_OK);
  CHECK(bench.host.nodes == std::vector<std::string>{"/dev/rbln0"});
}

TEST_CASE("the list of groups: whole or none") {
  using farmhand::rebellions::groups_from;
  CHECK(groups_from("group,x,device\n0,1,rbln0\n3,1,rbln12\n")->at(3) ==
        farmhand::rebellions::Numbers{12});
  for (const char* text :
       {"", "heading", "h\n0,1,rbl", "h\nx,1,rbln0", "h\n0", "h\n0,1,rbln0\n1,"}) {
    CAPTURE(text);
    CHECK(!groups_from(text));
  }
}
