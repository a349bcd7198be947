// SPDX-License-Identifier: Apache-2.0
// The plugin `nvidia` with NVML in several generations: fakes that replay a scenario. What each
// fault gives, and that the other card is none the worse for it.
#include <doctest.h>
#include <farmhand/metrics.h>

#include <cstdlib>
#include <thread>

#include "fake_host.hh"
#include "fake_tree.hh"
#include "sim/catalogue.hh"

#include "nvidia/catalogue.hh"

namespace {

constexpr uint32_t kHealthy = 0;
constexpr uint32_t kFaulty = 1;
constexpr const char* kNewest = "nvml_r580";
constexpr const char* kUuid0 = "GPU-4c1f0000-87a5-4c9b-9c2e-000000000000";
constexpr const char* kUuid1 = "GPU-4c1f0000-87a5-4c9b-9c2e-000000000001";
constexpr const char* kTwoCards = "nvidia/h100 nvidia/h100";

struct Bench {
  explicit Bench(const FakeTree& machine, const std::string& generation = kNewest,
                 const std::string& scenario = {}, std::vector<std::string> excluded = {})
      : tree(machine) {
    setenv("FAKE_NVML", tree.at("scenario").c_str(), 1);
    say(scenario);
    const std::string library = std::string(FARMHAND_FAKES "/") + generation + ".so";
    REQUIRE(host.open({{"root", tree.root()}, {"library", library}}, std::move(excluded)) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
  }
  ~Bench() {
    host.close();
    unsetenv("FAKE_NVML");
  }

  void say(const std::string& scenario) const { tree.write("scenario", scenario); }
  int32_t sample(uint32_t device) {
    const int32_t declared = host.declare(device);
    return declared == FH_OK ? host.sample_all(device) : declared;
  }
  int32_t status(const char* series, const char* label = "") const {
    return host.reading(series, label).status;
  }

  FakeTree tree;
  FakeHost host;
};

const FakeTree& two_cards() {
  static const FakeTree machine(kTwoCards);
  return machine;
}

struct Row {
  const char* scenario;
  const char* series;  // and its label's value behind a blank
  int32_t status;
  double value;       // with FH_SAMPLE_OK
  const char* check;  // null: no check sees it
  int32_t verdict;    // -1: left out
  const char* reason;
};

constexpr int32_t kGood = FH_SAMPLE_OK;
constexpr int32_t kWrong = FH_SAMPLE_ERROR;
constexpr int32_t kUnknown = FH_SAMPLE_UNKNOWN;
constexpr int32_t kNone = FH_SAMPLE_NOT_SUPPORTED;
constexpr int32_t kForbidden = FH_SAMPLE_NO_PERMISSION;
constexpr int32_t kWarn = FH_VERDICT_WARN;
constexpr int32_t kFail = FH_VERDICT_FAIL;
constexpr int32_t kUnclear = FH_VERDICT_UNKNOWN;
constexpr int32_t kWell = FH_VERDICT_OK;
constexpr const char* kOdd = FH_REASON_READING_IMPLAUSIBLE;
constexpr const char* kUnread = FH_REASON_READING_FAILED;

// clang-format off
constexpr Row kRows[] = {
    {"", "temperature", kGood, 41, "temperature", kWell, ""},
    {"", "power", kGood, 120.5, "power", kWell, ""},
    {"", "energy", kGood, 5000.25, "recovery", kWell, ""},
    {"", "temperature.memory", kGood, 52, nullptr, 0, nullptr},
    {"", "errors.corrected", kGood, 7, "memory.ecc", kWell, ""},
    {"", "memory.remapped", kGood, 3, "memory.remap", kWell, ""},
    {"", "fabric.errors 0", kGood, 2, "fabric", kWell, ""},
    {"1 temperature 91", "temperature", kGood, 91, "temperature", kWarn, FH_REASON_TEMPERATURE_HIGH},
    {"1 temperature 96", "temperature", kGood, 96, "temperature", kFail, FH_REASON_TEMPERATURE_HIGH},
    {"1 temperature 41000", "temperature", kWrong, 0, "temperature", kUnclear, kOdd},
    {"1 temperature 0", "temperature", kWrong, 0, "temperature", kUnclear, kOdd},
    {"1 temperature 0xffffffff", "temperature", kWrong, 0, "temperature", kUnclear, kOdd},
    {"1 code temperature 3", "temperature", kNone, 0, "temperature", kUnclear, kUnread},
    {"1 code temperature 4", "temperature", kForbidden, 0, "temperature", kUnclear, kUnread},
    {"1 code temperature 27", "temperature", kUnknown, 0, "temperature", kUnclear, kUnread},
    {"1 code temperature 77", "temperature", kWrong, 0, "temperature", kUnclear, kOdd},
    {"1 code temperature -1", "temperature", kWrong, 0, "temperature", kUnclear, kOdd},
    {"1 code threshold 999", "temperature.limit", kWrong, 0, "temperature", kWell, ""},
    {"1 memory_temperature 900", "temperature.memory", kWrong, 0, nullptr, 0, nullptr},
    {"1 type 99", "temperature.memory", kWrong, 0, "recovery", kUnclear, kOdd},
    {"1 power 0xffffffff", "power", kWrong, 0, "power", kUnclear, kOdd},
    {"1 power 0", "power", kWrong, 0, "power", kUnclear, kOdd},
    {"1 power 120500000", "power", kWrong, 0, "power", kUnclear, kOdd},
    {"1 energy 0xffffffffffffffff", "energy", kWrong, 0, nullptr, 0, nullptr},
    {"1 code energy 3", "energy", kNone, 0, nullptr, 0, nullptr},
    {"1 busy 101", "utilization", kWrong, 0, "link", kWell, ""},
    {"1 busy 0xffffffff", "utilization", kWrong, 0, nullptr, 0, nullptr},
    {"1 code rates 3", "utilization.memory", kNone, 0, nullptr, 0, nullptr},
    {"1 used 0xffffffffffffffff", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"1 used 99000000000", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"1 total 0", "memory.total", kWrong, 0, nullptr, 0, nullptr},
    {"1 clock1 0xffffffff", "clock.core", kWrong, 0, nullptr, 0, nullptr},
    {"1 clock2 99999", "clock.memory", kWrong, 0, nullptr, 0, nullptr},
    {"1 pstate 32", "performance.state", kUnknown, 0, nullptr, 0, nullptr},
    {"1 pstate 8", "performance.state", kGood, 8, nullptr, 0, nullptr},
    {"1 reasons 1", "throttle.reasons", kGood, 0, "throttle", kWell, ""},
    {"1 reasons 2", "throttle.reasons", kGood, FH_THROTTLE_SETTING, "throttle", kWell, ""},
    {"1 reasons 4", "throttle.reasons", kGood, FH_THROTTLE_POWER, "throttle", kWell, ""},
    {"1 reasons 0x20", "throttle.reasons", kGood, FH_THROTTLE_THERMAL, "throttle", kWarn, FH_REASON_THROTTLE_THERMAL},
    {"1 reasons 0x48", "throttle.reasons", kGood, FH_THROTTLE_THERMAL + FH_THROTTLE_HARDWARE, "throttle", kWarn, FH_REASON_THROTTLE_THERMAL},
    {"1 reasons 0x88", "throttle.reasons", kGood, FH_THROTTLE_HARDWARE, "throttle", kWarn, FH_REASON_THROTTLE_HARDWARE},
    {"1 reasons 0x10", "throttle.reasons", kGood, FH_THROTTLE_OTHER, "throttle", kWell, ""},
    {"1 reasons 0xffffffffffffffff", "throttle.reasons", kWrong, 0, "throttle", kUnclear, kOdd},
    {"1 code reasons 3", "throttle.reasons", kNone, 0, "throttle", -1, ""},
    {"1 uncorrected_now 1", "errors.uncorrected.volatile", kGood, 1, "memory.ecc", kFail, FH_REASON_MEMORY_UNCORRECTED},
    {"1 uncorrected 0xffffffffffffffff", "errors.uncorrected", kWrong, 0, "memory.ecc", kUnclear, kOdd},
    {"1 code uncorrected_now 4", "errors.uncorrected.volatile", kForbidden, 0, "memory.ecc", kUnclear, kUnread},
    {"1 rows_pending 1", "memory.remap.pending", kGood, 1, "memory.remap", kWarn, FH_REASON_MEMORY_REMAP_PENDING},
    {"1 rows_failed 1", "memory.remap.failed", kGood, 1, "memory.remap", kFail, FH_REASON_MEMORY_REMAP_FAILED},
    {"1 rows_failed 0xffffffff", "memory.remap.failed", kWrong, 0, "memory.remap", kUnclear, kOdd},
    {"1 code rows 999", "memory.remapped", kWrong, 0, "memory.remap", kUnclear, kOdd},
    {"1 code rows 3", "memory.remapped", kGood, 2, "memory.remap", kWell, ""},
    {"1 code rows 3\n1 retired_pending 1", "memory.remap.pending", kGood, 1, "memory.remap", kWarn, FH_REASON_MEMORY_REMAP_PENDING},
    {"1 code rows 3\n1 pages_double 60", "memory.remapped", kGood, 61, "memory.remap", kWarn, FH_REASON_MEMORY_RETIRED},
    {"1 code rows 3\n1 pages_single 0xffffffff", "memory.remapped", kWrong, 0, "memory.remap", kUnclear, kOdd},
    {"1 processes 64", "processes", kGood, 64, nullptr, 0, nullptr},
    {"1 processes 200", "processes", kGood, 200, nullptr, 0, nullptr},
    {"1 process_count 999", "processes", kWrong, 0, nullptr, 0, nullptr},
    {"1 code processes 4", "processes", kForbidden, 0, nullptr, 0, nullptr},
    {"1 code processes 7", "processes", kWrong, 0, nullptr, 0, nullptr},
    {"1 width 8", "link.width", kGood, 8, "link", kWarn, FH_REASON_LINK_DEGRADED},
    {"1 generation 3", "link.generation", kGood, 3, "link", kWarn, FH_REASON_LINK_DEGRADED},
    {"1 generation 1\n1 busy 0", "link.generation", kGood, 1, "link", kWell, ""},
    {"1 width 0xffffffff", "link.width", kWrong, 0, "link", kUnclear, kOdd},
    {"1 replays 0xffffffff", "link.replays", kWrong, 0, nullptr, 0, nullptr},
    {"1 link2 0", "fabric.up 2", kGood, 0, "fabric", kFail, FH_REASON_FABRIC_DOWN},
    {"1 link2 7", "fabric.up 2", kWrong, 0, "fabric", kUnclear, kOdd},
    {"1 link_errors 0xffffffffffffffff", "fabric.errors 0", kWrong, 0, "fabric", kUnclear, kOdd},
    {"1 recovery 1", "power", kGood, 120.5, "recovery", kFail, FH_REASON_DEVICE_RESET_REQUIRED},
    {"1 recovery 2", "power", kGood, 120.5, "recovery", kFail, FH_REASON_DEVICE_REBOOT_REQUIRED},
    {"1 recovery 77", "power", kGood, 120.5, "recovery", kUnclear, kOdd},
    {"1 code recovery 2", "power", kGood, 120.5, "recovery", kWell, ""},
    {"1 code power 16", "power", kWrong, 0, "recovery", kFail, FH_REASON_DEVICE_RESET_REQUIRED},
};
// clang-format on

FakeSample reading_called(const FakeHost& host, const std::string& series) {
  const size_t blank = std::min(series.find(' '), series.size());
  return host.reading(series.substr(0, blank), series.substr(std::min(blank + 1, series.size())));
}

void check_healthy(Bench* bench) {
  REQUIRE(bench->sample(kHealthy) == FH_OK);
  CHECK(bench->host.reading("temperature").value == 41);
  CHECK(bench->host.reading("power").value == 120.5);
  CHECK(bench->host.reading("memory.used").value == 4096);
  REQUIRE(bench->host.check(kHealthy) == FH_OK);
  for (const auto& [check, verdict] : bench->host.verdicts) {
    CAPTURE(check);
    CHECK(verdict.verdict == FH_VERDICT_OK);
  }
}

}  // namespace

TEST_CASE("each fault gives the stated status or verdict, and the other card goes on") {
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.scenario));
    CAPTURE(std::string(row.series));
    Bench bench(two_cards(), kNewest, row.scenario);
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    const FakeSample sample = reading_called(bench.host, row.series);
    CHECK(sample.status == row.status);
    if (row.status == kGood) CHECK(sample.value == doctest::Approx(row.value));
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    if (row.check != nullptr) {
      CHECK(bench.host.verdict(row.check) == row.verdict);
      CHECK(bench.host.verdicts[row.check].reason == row.reason);
    }
    check_healthy(&bench);
  }
}

TEST_CASE("a healthy card is known by its UUID and shown with sourced peaks") {
  Bench bench(two_cards());
  REQUIRE(bench.host.devices.size() == 2);
  const FakeDevice& card = bench.host.devices[1];
  CHECK(card.key == kUuid1);
  CHECK(card.uuid == kUuid1);
  CHECK(card.serial == "1651223000001");
  CHECK(card.pci == "0000:11:00.0");
  CHECK(card.model == "NVIDIA H100 80GB HBM3");
  CHECK(card.firmware == "96.00.74.00.01");
  CHECK(card.driver == "580.65.06");
  CHECK(card.raw.state == FH_DEVICE_MANAGED);
  CHECK(card.raw.numa_node == 1);
  CHECK(card.raw.index == 1);
  CHECK(card.raw.memory_bytes == 81559ull << 20);
  CHECK(card.peaks.at("fp8") == 1978.9);
  CHECK(!card.sources.at("fp8").empty());
}

// Two catalogues on purpose: the simulator must not depend on a vendor's plugin, nor the other way
// round. This is what keeps them from drifting apart.
TEST_CASE("the simulator and the plugin state the same peaks with the same sources") {
  constexpr std::pair<const char*, const char*> kSame[] = {{"NVIDIA H100 80GB HBM3", "H100 SXM5"},
                                                           {"NVIDIA L40S", "L40S"}};
  for (const auto& [name, simulated_name] : kSame) {
    const auto* ours = farmhand::nvidia::find_model(name);
    const auto* simulated = farmhand::sim::find_model(simulated_name);
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

TEST_CASE("an older library gives what it has, and the rest is not supported") {
  struct Generation {
    const char* name;
    int32_t temperature, memory_temperature;
  };
  constexpr Generation kGenerations[] = {{"nvml_r450", kGood, kNone},
                                         {"nvml_r535", kGood, kGood},
                                         {"nvml_r580", kGood, kGood},
                                         {"nvml_no_temperature", kNone, kGood}};
  for (const Generation& generation : kGenerations) {
    CAPTURE(std::string(generation.name));
    Bench bench(two_cards(), generation.name, "1 reasons 0x20\n1 processes 3");
    REQUIRE(bench.host.devices.size() == 2);
    CHECK(bench.host.devices[1].key == kUuid1);
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    CHECK(bench.status("temperature") == generation.temperature);
    CHECK(bench.status("temperature.memory") == generation.memory_temperature);
    CHECK(bench.host.reading("memory.used").value == 4096);
    CHECK(bench.host.reading("processes").value == 3);
    CHECK(bench.host.reading("throttle.reasons").value == FH_THROTTLE_THERMAL);
    CHECK(bench.host.reading("memory.remapped").value == 3);
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    const bool seen = generation.temperature == kGood;
    CHECK(bench.host.verdict("temperature") == (seen ? FH_VERDICT_OK : FH_VERDICT_UNKNOWN));
  }
}

TEST_CASE("a library without a symbol that is needed is said, and leaves the cards unmanaged") {
  Bench bench(two_cards(), "nvml_no_uuid");
  REQUIRE(bench.host.devices.size() == 2);
  CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(bench.host.devices[1].key == kUuid1);  // from the driver's files
  CHECK(bench.host.devices[1].note.find("nvmlDeviceGetUUID") != std::string::npos);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("driver") == FH_VERDICT_FAIL);
}

TEST_CASE("a card that any answer calls lost is lost, and nothing more is asked of it") {
  for (const char* scenario : {"1 code power 15", "1 code all 15", "1 code temperature 28"}) {
    CAPTURE(std::string(scenario));
    Bench bench(two_cards());
    bench.say(scenario);
    CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
    CHECK(bench.host.check(kFaulty) == FH_E_DEVICE_LOST);
    check_healthy(&bench);
  }
}

TEST_CASE("a card that is lost when it is looked for stays on the list under its name, lost") {
  Bench bench(two_cards(), kNewest, "1 code handle 15");
  REQUIRE(bench.host.devices.size() == 2);
  CHECK(bench.host.devices[1].key == kUuid1);
  CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
  CHECK(bench.host.check(kFaulty) == FH_E_DEVICE_LOST);
  check_healthy(&bench);
  bench.say("");
  REQUIRE(bench.host.enumerate() == FH_OK);
  CHECK(bench.host.devices[1].raw.handle == kFaulty);
  CHECK(bench.sample(kFaulty) == FH_OK);
}

TEST_CASE("what the library answers for a card decides how it is shown") {
  struct Answer {
    const char* scenario;
    int32_t state, verdict;
    const char* reason;
  };
  constexpr Answer kAnswers[] = {
      {"1 code handle 4", FH_DEVICE_NO_PERMISSION, kUnclear, FH_REASON_DEVICE_PERMISSION},
      {"1 code handle 16", FH_DEVICE_UNMANAGED, kFail, FH_REASON_DEVICE_RESET_REQUIRED},
      {"1 code handle 999", FH_DEVICE_UNMANAGED, kFail, FH_REASON_DEVICE_UNMANAGED},
  };
  for (const Answer& answer : kAnswers) {
    CAPTURE(std::string(answer.scenario));
    Bench bench(two_cards(), kNewest, answer.scenario);
    CHECK(bench.host.devices[1].raw.state == answer.state);
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    CHECK(bench.host.verdict("driver") == answer.verdict);
    CHECK(bench.host.verdicts["driver"].reason == answer.reason);
    check_healthy(&bench);
  }
}

TEST_CASE(
    "a card without NVIDIA's driver is on the list, unmanaged, with its link and nothing else") {
  Bench bench(FakeTree("nvidia/h100 nvidia/hidden nvidia/bridge nvidia/h100:guest"));
  REQUIRE(bench.host.devices.size() == 3);
  CHECK(bench.host.devices[1].key == "0000:11:00.0");
  CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(bench.host.devices[1].note.find("no driver is bound") != std::string::npos);
  CHECK(bench.host.devices[2].note.find("vfio-pci") != std::string::npos);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("link.width").value == 16);
  CHECK(bench.host.reading("link.generation").value == 5);
  CHECK(bench.host.find_metric("temperature") == nullptr);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("driver") == FH_VERDICT_FAIL);
  CHECK(bench.host.verdicts["driver"].reason == FH_REASON_DEVICE_UNMANAGED);
  CHECK(bench.host.prepare({kFaulty}) == FH_E_UNSUPPORTED);
}

TEST_CASE("no cards is an empty list; no bus and no library is not detectable") {
  Bench none(FakeTree(""));
  CHECK(none.host.devices.empty());
  FakeHost host;
  REQUIRE(host.open({{"root", "/nonexistent"}, {"library", "/nonexistent/libnvidia-ml.so.1"}}) ==
          FH_OK);
  CHECK(host.enumerate() == FH_E_UNSUPPORTED);
  const std::string text = host.err.text;
  CHECK(text.find("not detectable") != std::string::npos);
  CHECK(text.find("is not installed") != std::string::npos);
}

TEST_CASE("where there is no bus to look at the library's own list is taken, within reason") {
  FakeTree tree(kTwoCards);
  tree.remove("sys/bus");
  Bench bench(tree);
  REQUIRE(bench.host.devices.size() == 2);
  CHECK(bench.host.devices[1].key == kUuid1);
  CHECK(bench.sample(kFaulty) == FH_OK);
  Bench full(tree, kNewest, "* cards 64");
  CHECK(full.host.devices.size() == 64);
  Bench garbage(tree, kNewest, "* count 4000000000");
  CHECK(garbage.host.devices.empty());
}

TEST_CASE("a card that vanishes after the enumeration is lost, and later gone from the list") {
  Bench bench(two_cards());
  bench.tree.apply("nvidia/h100 nvidia/h100:vanish");
  CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
  CHECK(bench.host.check(kFaulty) == FH_E_DEVICE_LOST);
  CHECK(bench.sample(kHealthy) == FH_OK);
  REQUIRE(bench.host.enumerate() == FH_OK);
  CHECK(bench.host.devices.size() == 1);
  CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
}

TEST_CASE("a card that does not answer on the bus, and one whose link counts errors") {
  Bench bench(FakeTree("nvidia/h100 nvidia/h100:off_the_bus nvidia/h100:link_errors"), kNewest,
              "* cards 3");
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("link") == FH_VERDICT_FAIL);
  CHECK(bench.host.verdicts["link"].reason == FH_REASON_DEVICE_LOST);
  REQUIRE(bench.host.check(2) == FH_OK);
  CHECK(bench.host.verdict("link.errors") == FH_VERDICT_WARN);
  check_healthy(&bench);
}

TEST_CASE("counters that grow are faults, and counters that go back are neither well nor faults") {
  struct Move {
    const char *before, *after, *check;
    int32_t verdict;
    const char* reason;
  };
  constexpr Move kMoves[] = {
      {"1 uncorrected 3", "1 uncorrected 4", "memory.ecc", kFail, FH_REASON_MEMORY_UNCORRECTED},
      {"1 uncorrected 3", "1 uncorrected 3", "memory.ecc", kWell, ""},
      {"1 uncorrected 3", "1 uncorrected 1", "memory.ecc", kUnclear, FH_REASON_DEVICE_WAS_RESET},
      {"1 link_errors 3", "1 link_errors 9", "fabric", kWarn, FH_REASON_FABRIC_ERRORS},
      {"1 link_errors 3", "1 link_errors 1", "fabric", kUnclear, FH_REASON_DEVICE_WAS_RESET},
  };
  for (const Move& move : kMoves) {
    CAPTURE(std::string(move.after));
    Bench bench(two_cards(), kNewest, move.before);
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    CHECK(bench.host.verdict(move.check) == FH_VERDICT_OK);  // what was there before we looked
    bench.say(move.after);
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    CHECK(bench.host.verdict(move.check) == move.verdict);
    CHECK(bench.host.verdicts[move.check].reason == move.reason);
    check_healthy(&bench);
  }
}

TEST_CASE("a card without a bridge is well, and a link that was up and fell is a fault") {
  constexpr const char* kDown =
      "1 model NVIDIA H100 PCIe\n1 link0 0\n1 link1 0\n1 link2 0\n1 link3 0";
  Bench bench(two_cards(), kNewest, kDown);
  CHECK(bench.host.devices[1].peaks.empty());
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("fabric") == FH_VERDICT_OK);
  bench.say("1 model NVIDIA H100 PCIe\n1 link0 0");
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("fabric") == FH_VERDICT_WARN);
  bench.say(kDown);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("fabric") == FH_VERDICT_FAIL);
}

TEST_CASE("texts without an end are no names, and nothing is read beyond them") {
  Bench bench(two_cards(), kNewest, "1 endless");
  REQUIRE(bench.host.devices.size() == 2);
  CHECK(bench.host.devices[1].key == kUuid1);  // from the driver's files
  CHECK(bench.host.devices[1].model.empty());
  CHECK(bench.host.devices[1].serial.empty());
  CHECK(bench.sample(kFaulty) == FH_OK);
  Bench nameless(FakeTree("nvidia/h100 nvidia/h100:unread"), kNewest, "1 endless");
  CHECK(nameless.host.devices[1].key == "0000:11:00.0");
  REQUIRE(nameless.host.check(kFaulty) == FH_OK);
  CHECK(nameless.host.verdict("identity") == FH_VERDICT_WARN);
}

TEST_CASE("a UUID that fails to read for a moment does not make another device") {
  Bench bench(two_cards());
  bench.tree.apply("nvidia/h100 nvidia/h100:unread");
  bench.say("1 code uuid 999");
  REQUIRE(bench.host.enumerate() == FH_OK);
  CHECK(bench.host.devices[1].key == kUuid1);
  CHECK(bench.host.devices[1].raw.handle == kFaulty);
}

TEST_CASE("a quarantined card is neither listed nor touched") {
  Bench bench(two_cards(), kNewest, "1 hang all", {kUuid1});
  REQUIRE(bench.host.devices.size() == 1);
  CHECK(bench.host.devices[0].key == kUuid0);
  check_healthy(&bench);
}

TEST_CASE("while a card is quarantined one that the driver does not name is left alone") {
  Bench bench(FakeTree("nvidia/h100 nvidia/h100:unread"), kNewest, "", {"GPU-of-somebody"});
  REQUIRE(bench.host.devices.size() == 2);
  CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(bench.host.devices[1].note.find("quarantined") != std::string::npos);
}

TEST_CASE("a call that hangs for one card keeps nobody from the other") {
  Bench bench(two_cards(), kNewest, "1 hang power");
  REQUIRE(bench.host.declare(kFaulty) == FH_OK);
  const uint32_t power = bench.host.find_metric("power")->id;
  FakeHost quiet;
  std::atomic<bool> done = false;
  std::thread hung([&] {
    const fh_call call = bench.host.call_for(kFaulty);
    bench.host.table<fh_telemetry>(FH_TELEMETRY_ID).sample(bench.host.self(), &call, &power, 1);
    done = true;
  });
  for (int i = 0; i < 5; ++i) check_healthy(&bench);
  REQUIRE(bench.host.enumerate() == FH_OK);
  CHECK(!done);
  bench.say("");
  hung.join();
}

TEST_CASE("a library that does not start is said, and tried again") {
  Bench bench(two_cards(), kNewest, "* code init 18");
  CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(bench.host.devices[1].note.find("different releases") != std::string::npos);
  bench.say("");
  REQUIRE(bench.host.enumerate() == FH_OK);
  CHECK(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.status("temperature") == kGood);
}

TEST_CASE(
    "a driver that is loaded anew ends the session, and the next enumeration begins another") {
  Bench bench(two_cards());
  bench.say("1 code power 9");
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.status("power") == kUnknown);
  bench.say("");
  REQUIRE(bench.host.enumerate() == FH_OK);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.status("power") == kGood);
}

TEST_CASE("a job on whole cards gets their nodes and names them by UUID in its own order") {
  Bench bench(two_cards());
  REQUIRE(bench.host.prepare({1, 0}) == FH_OK);
  CHECK(bench.host.nodes == std::vector<std::string>{"/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
                                                     "/dev/nvidia0", "/dev/nvidia1",
                                                     "/dev/nvidiactl"});
  const std::string both = std::string(kUuid1) + "," + kUuid0;
  CHECK(bench.host.variables["CUDA_VISIBLE_DEVICES"] == both);
  CHECK(bench.host.variables["NVIDIA_VISIBLE_DEVICES"] == both);
  REQUIRE(bench.host.prepare({1, 0}) == FH_OK);
  CHECK(bench.host.variables["CUDA_VISIBLE_DEVICES"] == both);
  CHECK(bench.host.prepare({0, 0}) == FH_E_INVALID);
  bench.tree.apply("nvidia/h100 nvidia/h100:no_node");
  CHECK(bench.host.prepare({1}) == FH_E_UNSUPPORTED);
  CHECK(std::string(bench.host.err.text).find("nvidia-modprobe") != std::string::npos);
}

TEST_CASE("MIG instances are slices, and a job on one gets its capabilities") {
  Bench bench(two_cards(), kNewest, "1 mig 1");
  REQUIRE(bench.host.list_slices(kHealthy) == FH_OK);
  CHECK(bench.host.slices.empty());
  REQUIRE(bench.host.list_slices(kFaulty) == FH_OK);
  REQUIRE(bench.host.slices.size() == 2);
  const std::string second = "MIG-4c1f0000-87a5-4c9b-9c2e-000000000102";
  const fh_slice& slice = bench.host.slices.at(second);
  CHECK(slice.memory_bytes == 40448ull << 20);
  CHECK(slice.core_first == 4);
  CHECK(slice.core_count == 4);
  CHECK((slice.flags & FH_SLICE_OCCUPIED) != 0);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.find_metric("memory.used", second)->label == "slice");
  CHECK(bench.host.reading("memory.used", second).value == 4096);
  CHECK(bench.host.reading("processes", second).value == 1);
  REQUIRE(bench.host.list_profiles(kFaulty) == FH_OK);
  CHECK(bench.host.profiles.size() == 2);
  CHECK(bench.host.profiles.at("1g.10gb").count_max == 7);
  REQUIRE(bench.host.prepare_slices({{1, second}}) == FH_OK);
  CHECK(bench.host.variables["CUDA_VISIBLE_DEVICES"] == second);
  CHECK(bench.host.nodes.size() == 6);
  CHECK(std::count(bench.host.nodes.begin(), bench.host.nodes.end(),
                   "/dev/nvidia-caps/nvidia-cap150") == 1);
  CHECK(bench.host.prepare({kFaulty}) == FH_E_INVALID);
  CHECK(bench.host.prepare_slices({{1, second}, {1, second}}) == FH_E_INVALID);
  CHECK(bench.host.prepare_slices({{1, "MIG-none"}}) == FH_E_INVALID);
}

TEST_CASE("a slice that is gone or cannot be read has no value, and the card goes on") {
  Bench bench(two_cards(), kNewest, "1 mig 1");
  const std::string first = "MIG-4c1f0000-87a5-4c9b-9c2e-000000000101";
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("memory.total", first).status == FH_SAMPLE_OK);
  const uint32_t id = bench.host.find_metric("memory.total", first)->id;
  for (const char* scenario : {"1 code mig_device 999", "1 code mig_device 6", "1 mig_says 0"}) {
    bench.say(scenario);
    REQUIRE(bench.host.sample_all(kFaulty) == FH_OK);
    CHECK(bench.host.reading("memory.total", first).status == FH_SAMPLE_UNKNOWN);
    CHECK(bench.host.reading("temperature").value == 41);
  }
  bench.say("");
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.find_metric("memory.total", first)->id == id);
}

TEST_CASE("a list of slices that is not whole is no list") {
  Bench bench(two_cards(), kNewest, "1 mig 1\n1 code mig_device 999");
  CHECK(bench.host.list_slices(kFaulty) == FH_E_INTERNAL);
  bench.say("1 mig 1\n1 code mig 4");
  CHECK(bench.host.list_slices(kFaulty) == FH_E_PERMISSION);
  bench.say("1 mig_says 77");
  CHECK(bench.host.list_slices(kFaulty) == FH_E_INTERNAL);
  bench.say("1 mig 1\n1 endless");
  CHECK(bench.host.list_slices(kFaulty) == FH_E_INTERNAL);
  bench.say("1 mig 1\n1 mig_max 4000000000");
  CHECK(bench.host.list_slices(kFaulty) == FH_OK);
  CHECK(bench.host.slices.size() == 2);
}

namespace {

int32_t divide(Bench* bench, uint32_t device, const std::vector<std::string>& profiles) {
  std::vector<fh_str> names;
  for (const std::string& each : profiles) names.push_back(farmhand::str(each));
  const fh_call call = bench->host.call_for(device);
  const auto& slices = bench->host.table<fh_slices>(FH_SLICE_ID);
  return slices.apply(bench->host.self(), &call, names.data(), static_cast<uint32_t>(names.size()));
}

size_t slices_of(Bench* bench, uint32_t device) {
  REQUIRE(bench->host.list_slices(device) == FH_OK);
  return bench->host.slices.size();
}

}  // namespace

TEST_CASE("a card is divided, divided otherwise, and made whole again") {
  Bench bench(two_cards());
  REQUIRE(divide(&bench, kFaulty, {"1g.10gb", "3g.40gb", "1g.10gb"}) == FH_OK);
  CHECK(slices_of(&bench, kFaulty) == 3);
  CHECK(slices_of(&bench, kHealthy) == 0);
  bench.say("1 code create 4\n1 code destroy 4");  // what is already so stays untouched
  REQUIRE(divide(&bench, kFaulty, {"3g.40gb", "1g.10gb", "1g.10gb"}) == FH_OK);
  bench.say("");
  REQUIRE(divide(&bench, kFaulty, {"3g.40gb"}) == FH_OK);
  CHECK(slices_of(&bench, kFaulty) == 1);
  REQUIRE(divide(&bench, kFaulty, {"3g.40gb", "3g.40gb"}) == FH_OK);
  CHECK(slices_of(&bench, kFaulty) == 2);
  REQUIRE(divide(&bench, kFaulty, {}) == FH_OK);
  CHECK(slices_of(&bench, kFaulty) == 0);
  CHECK(bench.host.prepare({kFaulty}) == FH_OK);
  REQUIRE(divide(&bench, kFaulty, {}) == FH_OK);
}

TEST_CASE("a division that cannot be is refused with what the library says") {
  struct Refusal {
    const char* scenario;
    std::vector<std::string> profiles;
    int32_t status;
    size_t left;
  };
  const Refusal kRefusals[] = {
      {"1 mig 1", {"9g.90gb"}, FH_E_INVALID, 2},
      {"1 mig 1", {"3g.40gb", "3g.40gb", "1g.10gb"}, FH_E_INVALID, 2},
      {"1 mig 1\n1 code destroy 19", {"1g.10gb"}, FH_E_AGAIN, 2},
      {"1 mig 1\n1 code destroy 4", {}, FH_E_PERMISSION, 2},
      {"1 mig 1\n1 code instances 4", {"1g.10gb"}, FH_E_PERMISSION, 2},
      {"1 mig 1\n1 instances 4000000000", {"1g.10gb"}, FH_E_INTERNAL, 2},
      {"1 mig 1\n1 code create 999", {"3g.40gb", "1g.10gb"}, FH_E_INTERNAL, 1},
      {"1 mig 1\n1 code create_compute 4", {"3g.40gb", "1g.10gb"}, FH_E_PERMISSION, 1},
      {"1 code set_mig 4", {"1g.10gb"}, FH_E_PERMISSION, 0},
      {"1 activation 19", {"1g.10gb"}, FH_E_AGAIN, 0},
      {"1 mig 1\n1 activation 19", {}, FH_E_AGAIN, 0},
  };
  for (const Refusal& each : kRefusals) {
    CAPTURE(std::string(each.scenario));
    Bench bench(two_cards(), kNewest, each.scenario);
    CHECK(divide(&bench, kFaulty, each.profiles) == each.status);
    CHECK(slices_of(&bench, kFaulty) == each.left);
    CHECK(slices_of(&bench, kHealthy) == 0);
  }
  Bench old(two_cards(), "nvml_r450");
  CHECK(divide(&old, kFaulty, {"1g.10gb"}) == FH_E_UNSUPPORTED);
}

TEST_CASE("an XID becomes an event of its card with what NVIDIA publishes of it") {
  struct Happening {
    const char* scenario;
    int32_t severity;
    int64_t number;
    const char* reason;
  };
  constexpr Happening kHappenings[] = {
      {"1 event 79", FH_SEVERITY_CRITICAL, 79, FH_REASON_DEVICE_LOST},
      {"1 event 31", FH_SEVERITY_ERROR, 31, FH_REASON_CONTEXT_FAULT},
      {"1 event 63", FH_SEVERITY_INFO, 63, FH_REASON_MEMORY_REMAP_PENDING},
      {"1 event 9999", FH_SEVERITY_ERROR, 9999, "vendor.nvidia.xid.9999"},
      {"1 event 0\n1 event_type 2", FH_SEVERITY_CRITICAL, 0, FH_REASON_MEMORY_UNCORRECTED},
      {"1 event 1\n1 event_type 0x800000", FH_SEVERITY_WARNING, 0, "vendor.nvidia.event.8388608"},
  };
  for (const char* generation : {"nvml_r450", kNewest}) {
    Bench bench(two_cards(), generation);
    for (const Happening& each : kHappenings) {
      CAPTURE(std::string(each.scenario));
      bench.say(each.scenario);
      REQUIRE(bench.host.wait() == FH_OK);
      REQUIRE(bench.host.events.size() == 1);
      CHECK(bench.host.events[0].device == kFaulty);
      CHECK(bench.host.events[0].severity == each.severity);
      CHECK(bench.host.events[0].vendor_code == each.number);
      CHECK(bench.host.events[0].reason == each.reason);
    }
  }
}

TEST_CASE("waiting ends at the deadline, when cancelled, and with what the library answers") {
  Bench bench(two_cards());
  bench.host.deadline_ms = 120;
  const uint64_t began = farmhand::boottime_ns();
  CHECK(bench.host.wait() == FH_E_TIMEOUT);
  CHECK(farmhand::boottime_ns() - began >= 120'000'000u);
  bench.host.deadline_ms = 60'000;
  bench.host.cancelled = true;
  CHECK(bench.host.wait() == FH_E_CANCELLED);
  bench.host.cancelled = false;
  bench.say("* code wait 15");
  CHECK(bench.host.wait() == FH_E_DEVICE_LOST);
  bench.say("* code wait 999");
  CHECK(bench.host.wait() == FH_E_INTERNAL);
  bench.say("1 event 79\n1 event_of_nobody 1");
  REQUIRE(bench.host.wait() == FH_OK);
  CHECK(bench.host.events[0].device == FH_NO_DEVICE);
}

TEST_CASE("events go on after a new session, and cards without them are left out") {
  Bench bench(two_cards(), kNewest, "0 event_types 0\n1 code register 3");
  bench.host.deadline_ms = 60;
  CHECK(bench.host.wait() == FH_E_TIMEOUT);
  bench.say("* code wait 9");
  CHECK(bench.host.wait() == FH_E_TIMEOUT);
  bench.say("1 code power 9");
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  bench.say("1 event 48");
  REQUIRE(bench.host.enumerate() == FH_OK);
  bench.host.deadline_ms = 60'000;
  REQUIRE(bench.host.wait() == FH_OK);
  CHECK(bench.host.events[0].vendor_code == 48);
}
