// SPDX-License-Identifier: Apache-2.0
// The plugin `furiosa` with the vendor's library in its releases, and with the vendor's tool: fakes
// that replay a scenario.
#include <doctest.h>
#include <farmhand/metrics.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "fake_host.hh"
#include "fake_tree.hh"

#include "furiosa/smi_tool.hh"

namespace {

constexpr uint32_t kHealthy = 0;
constexpr uint32_t kFaulty = 1;
constexpr const char* kNewest = "furiosa_smi_2025_12";

// Cards whose files show neither heat, power, memory nor counters, so that only the library does.
constexpr const char* kBlind =
    "furiosa/rngd:no_hwmon:no_memory:no_counters furiosa/rngd:no_hwmon:no_memory:no_counters";

struct Bench {
  explicit Bench(const FakeTree& machine, const std::string& release = kNewest,
                 const std::string& scenario = {}, std::vector<std::string> excluded = {})
      : tree(machine) {
    setenv("FAKE_FURIOSA_SMI", tree.at("scenario").c_str(), 1);
    tree.write("scenario", scenario);
    REQUIRE(host.open({{"root", tree.root()},
                       {"library", FARMHAND_FAKES "/" + release + ".so"},
                       {"tool", ""}},
                      std::move(excluded)) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
  }
  ~Bench() { unsetenv("FAKE_FURIOSA_SMI"); }

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

struct Row {
  const char* scenario;
  const char* series;
  int32_t status;
  double value;
  const char* check;
  int32_t verdict;
  const char* reason;
};

constexpr int32_t kGood = FH_SAMPLE_OK;
constexpr int32_t kWrong = FH_SAMPLE_ERROR;
constexpr int32_t kWarn = FH_VERDICT_WARN;
constexpr int32_t kUnclear = FH_VERDICT_UNKNOWN;

// clang-format off
constexpr Row kRows[] = {
    {"", "temperature", kGood, 41.5, "temperature", FH_VERDICT_OK, ""},
    {"1 temperature 91", "temperature", kGood, 91, "temperature", kWarn, FH_REASON_TEMPERATURE_HIGH},
    {"1 temperature 41500", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"1 temperature nan", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"1 power -5", "power", kWrong, 0, "power", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"1 power inf", "power", kWrong, 0, "power", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"1 code temperature 99", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"1 code temperature -1", "temperature", kWrong, 0, "temperature", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"1 code temperature 6", "temperature", FH_SAMPLE_UNKNOWN, 0, "temperature", kUnclear, FH_REASON_READING_FAILED},
    {"1 code temperature 8", "temperature", FH_SAMPLE_NO_PERMISSION, 0, "temperature", kUnclear, FH_REASON_READING_FAILED},
    {"1 code temperature 17", "temperature", FH_SAMPLE_NOT_SUPPORTED, 0, "temperature", kUnclear, FH_REASON_READING_FAILED},
    {"1 throttle 1", "throttle.reasons", kGood, 0, "throttle", FH_VERDICT_OK, ""},
    {"1 throttle 2", "throttle.reasons", kGood, FH_THROTTLE_THERMAL, "throttle", kWarn, FH_REASON_THROTTLE_THERMAL},
    {"1 throttle 4", "throttle.reasons", kGood, FH_THROTTLE_POWER, "throttle", kWarn, FH_REASON_THROTTLE_POWER},
    {"1 throttle 64", "throttle.reasons", kGood, FH_THROTTLE_HARDWARE, "throttle", kWarn, FH_REASON_THROTTLE_HARDWARE},
    {"1 throttle 8", "throttle.reasons", kGood, FH_THROTTLE_SETTING, "throttle", FH_VERDICT_OK, ""},
    {"1 throttle 65536", "throttle.reasons", kWrong, 0, "throttle", kUnclear, FH_REASON_READING_IMPLAUSIBLE},
    {"1 blocks 200", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"1 memory 99002736640", "memory.used", kWrong, 0, nullptr, 0, nullptr},
    {"1 cores 200", "cycles 0", kWrong, 0, nullptr, 0, nullptr},
    {"1 code counters 12", "cycles 0", kWrong, 0, nullptr, 0, nullptr},
};
// clang-format on

}  // namespace

TEST_CASE("what the library answers: only code 0 and only what is plausible is a value") {
  const FakeTree machine(kBlind);
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.scenario));
    Bench bench(machine, kNewest, row.scenario);
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    const std::string series = row.series;
    const size_t blank = std::min(series.find(' '), series.size());
    const FakeSample sample = bench.host.reading(series.substr(0, blank),
                                                 series.substr(std::min(blank + 1, series.size())));
    CHECK(sample.status == row.status);
    if (row.status == kGood) CHECK(sample.value == doctest::Approx(row.value));
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    if (row.check != nullptr) {
      CHECK(bench.host.verdict(row.check) == row.verdict);
      CHECK(bench.host.verdicts[row.check].reason == row.reason);
    }
    REQUIRE(bench.sample(kHealthy) == FH_OK);
    CHECK(bench.host.reading("temperature").value == 41.5);
    CHECK(bench.host.reading("memory.used").value == 4096);
  }
}

TEST_CASE("the release is concluded from the symbols, and decides how the structs are read") {
  struct Release {
    const char* name;
    int32_t temperature, throttle, memory_clock, memory;
  };
  constexpr int32_t kNone = FH_SAMPLE_NOT_SUPPORTED;
  constexpr int32_t kFreeCores = FH_SAMPLE_UNKNOWN;  // what the driver's files said of the memory
  constexpr Release kReleases[] = {
      {"furiosa_smi_2024_08", kNone, kNone, kNone, kFreeCores},
      {"furiosa_smi_2024_11", kGood, kNone, kNone, kGood},
      {"furiosa_smi_2025_02", kGood, kNone, kNone, kGood},
      {"furiosa_smi_2025_03", kGood, kNone, kGood, kFreeCores},
      {"furiosa_smi_2025_09", kGood, kGood, kGood, kFreeCores},
      {"furiosa_smi_2025_12", kGood, kGood, kGood, kGood},
      {"furiosa_smi_no_temperature", kNone, kGood, kGood, kGood},
  };
  const FakeTree machine(kBlind);
  for (const Release& release : kReleases) {
    CAPTURE(std::string(release.name));
    Bench bench(machine, release.name);
    CHECK(bench.host.devices.size() == 2);
    CHECK(bench.host.devices[1].key == "RNGD000001");
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    CHECK(bench.status("temperature") == release.temperature);
    CHECK(bench.status("throttle.reasons") == release.throttle);
    CHECK(bench.status("clock.memory") == release.memory_clock);
    CHECK(bench.status("memory.used") == release.memory);
    if (release.memory == kGood) CHECK(bench.host.reading("memory.total").value == 51002736640);
    if (release.memory == kGood) CHECK(bench.host.reading("memory.used").value == 4096);
    const bool counts = std::string(release.name) != "furiosa_smi_2024_08";
    CHECK(bench.status("cycles", "7") == (counts ? kGood : kNone));
    if (counts) CHECK(bench.host.reading("cycles", "7").value == 1e9);
    if (counts) CHECK(bench.host.reading("cycles.busy", "7").value == 25e7);
  }
}

TEST_CASE("code 5 is busy in old releases and lost in new ones") {
  const FakeTree machine(kBlind);
  Bench old(machine, "furiosa_smi_2025_03", "1 code temperature 5");
  REQUIRE(old.sample(kFaulty) == FH_OK);
  CHECK(old.status("temperature") == FH_SAMPLE_UNKNOWN);
  Bench fresh(machine, kNewest, "1 code throttle 5");
  CHECK(fresh.sample(kFaulty) == FH_E_DEVICE_LOST);
  REQUIRE(fresh.host.check(kFaulty) == FH_OK);
  CHECK(fresh.host.verdict("liveness") == FH_VERDICT_FAIL);
  CHECK(fresh.host.verdicts["liveness"].reason == FH_REASON_DEVICE_LOST);
  CHECK(fresh.sample(kHealthy) == FH_OK);
}

TEST_CASE("utilisation from the library's counters, between two looks") {
  const FakeTree machine(kBlind);
  for (const char* release : {"furiosa_smi_2024_11", kNewest}) {
    Bench bench(machine, release);
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    CHECK(bench.status("utilization") == FH_SAMPLE_UNKNOWN);
    const auto look_until_known = [&](const char* scenario) {
      bench.tree.write("scenario", scenario);
      do {
        REQUIRE(bench.sample(kFaulty) == FH_OK);
      } while (bench.status("utilization") == FH_SAMPLE_UNKNOWN);
      return bench.host.reading("utilization");
    };
    CHECK(look_until_known("1 cycles 1400000000\n1 busy 350000000").value == doctest::Approx(25));
  }
}

TEST_CASE("a list that claims more than it can hold is not believed") {
  const FakeTree machine(kBlind);
  Bench bench(machine, kNewest, "* count 200");
  CHECK(bench.host.devices.size() == 2);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.status("temperature") == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(bench.host.logs.back().find("more than its list holds") != std::string::npos);
}

TEST_CASE("a full list is a list") {
  const FakeTree machine(kBlind);
  machine.remove("sys/bus/pci");  // with a bus in sight only what is on it counts
  Bench bench(machine, kNewest, "* cards 64");
  CHECK(bench.host.devices.size() == 64);
}

TEST_CASE("texts without an end are no names, and nothing is read beyond them") {
  const FakeTree machine(kBlind);
  Bench bench(machine, kNewest, "1 endless");
  REQUIRE(bench.host.devices.size() == 2);
  CHECK(bench.host.devices[1].key == "RNGD000001");  // from the driver's files
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.status("temperature") == FH_SAMPLE_NOT_SUPPORTED);
  REQUIRE(bench.sample(kHealthy) == FH_OK);
  CHECK(bench.status("temperature") == kGood);
}

TEST_CASE("a handle that means another card since gives nothing") {
  const FakeTree machine(kBlind);
  Bench bench(machine);
  bench.tree.write("scenario", "0 bdf 0000:11:00.0\n1 bdf 0000:10:00.0\n0 temperature 66\n");
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.status("temperature") == FH_SAMPLE_UNKNOWN);
  REQUIRE(bench.host.enumerate() == FH_OK);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("temperature").value == 66);
}

TEST_CASE("a call that hangs for one card keeps nobody from the other's files") {
  Bench bench(FakeTree("furiosa/rngd furiosa/rngd"), kNewest, "1 hang throttle");
  REQUIRE(bench.host.declare(kFaulty) == FH_OK);
  const uint32_t throttle = bench.host.find_metric("throttle.reasons")->id;
  std::thread hung([&] {
    const fh_call call = bench.host.call_for(kFaulty);
    bench.host.table<fh_telemetry>(FH_TELEMETRY_ID).sample(bench.host.self(), &call, &throttle, 1);
  });
  // Until the thread is in the library, this look gets there first and everything is known.
  do {
    REQUIRE(bench.sample(kHealthy) == FH_OK);
    CHECK(bench.host.reading("temperature").value == 41.5);
    CHECK(bench.host.reading("power").value == 39);
  } while (bench.status("throttle.reasons") != FH_SAMPLE_UNKNOWN);
  bench.tree.write("scenario", "");
  hung.join();
  REQUIRE(bench.sample(kHealthy) == FH_OK);
  CHECK(bench.status("throttle.reasons") == kGood);
}

TEST_CASE("while a card is quarantined the library is left alone: it would touch that card too") {
  const FakeTree machine(kBlind);
  Bench bench(machine, kNewest, "", {"RNGD000001"});
  REQUIRE(bench.host.devices.size() == 1);
  REQUIRE(bench.sample(kHealthy) == FH_OK);
  CHECK(bench.status("temperature") == FH_SAMPLE_NOT_SUPPORTED);
}

TEST_CASE("a card that the library still names and the bus no longer shows is not listed") {
  const FakeTree tree(kBlind);
  Bench bench(tree, kNewest, "");
  REQUIRE(bench.host.devices.size() == 2);
  bench.tree.remove("sys/bus/pci/devices/" + bench.host.devices[kFaulty].pci);
  REQUIRE(bench.host.enumerate() == FH_OK);
  REQUIRE(bench.host.devices.size() == 1);
  CHECK(bench.sample(kHealthy) == FH_OK);
}

TEST_CASE("a library that does not start is said, and tried again") {
  const FakeTree machine(kBlind);
  Bench bench(machine, kNewest, "* code init 14");
  CHECK(bench.host.logs.back().find("does not start: code 14") != std::string::npos);
  bench.tree.write("scenario", "");
  REQUIRE(bench.host.enumerate() == FH_OK);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.status("temperature") == kGood);
}

TEST_CASE("a card that its operator drained says how to bring it back") {
  Bench bench(FakeTree("furiosa/rngd furiosa/hidden"), kNewest,
              "* cards 1\n* drained 0000:11:00.0");
  CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(bench.host.devices[1].note.find("drain unset 0000:11:00.0") != std::string::npos);
}

namespace {

// Two cards that only the vendor's tool shows.
struct ToolBench {
  explicit ToolBench(const std::string& dialect = {}) : tree("furiosa/hidden furiosa/hidden") {
    std::filesystem::create_directories(tree.at("answers"));
    std::filesystem::copy(FARMHAND_SOURCE_DIR "/tests/fakes/tool", tree.at("furiosa-smi"));
    const std::string make = "python3 " FARMHAND_SOURCE_DIR "/tests/fakes/furiosa.py ";
    REQUIRE(std::system((make + tree.at("answers") + " 2 " + dialect).c_str()) == 0);
  }
  void open(uint64_t deadline_ms = 5000) {
    host.deadline_ms = deadline_ms;
    REQUIRE(host.open({{"root", tree.root()}, {"library", ""}, {"tool", tree.at("furiosa-smi")}}) ==
            FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
    REQUIRE(host.devices.size() == 2);
  }
  // In the second card's part, the last place of `from` in the answer.
  void replace(const std::string& answer, const std::string& from, const std::string& to) const {
    std::ifstream file(tree.at("answers/" + answer));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const size_t at = text.rfind(from);
    REQUIRE(at != std::string::npos);
    tree.write("answers/" + answer, text.replace(at, from.size(), to));
  }
  int32_t sample(uint32_t device) {
    const int32_t declared = host.declare(device);
    return declared == FH_OK ? host.sample_all(device) : declared;
  }

  FakeTree tree;
  FakeHost host;
};

struct ToolRow {
  const char* answer;
  const char* from;
  const char* to;
  const char* series;
  int32_t status;
};

constexpr ToolRow kToolRows[] = {
    {"info", "\"41.50°C\"", "41.5", "temperature", kWrong},
    {"info", "\"41.50°C\"", "\"41.50\"", "temperature", kWrong},
    {"info", "\"41.50°C\"", "\"41500.00°C\"", "temperature", kWrong},
    {"info", "\"39.00 W\"", "\"- W\"", "power", kWrong},
    {"info", "\"39.00 W\"", "\"39.00 mW\"", "power", kWrong},
    {"status", "\"used_size\": 4096", "\"used_size\": \"4096\"", "memory.used", kWrong},
    {"status", "\"used_size\": 4096", "\"used_size\": 1e12", "memory.used", kWrong},
    {"status", "\"used_size\": 4096", "\"other\": 1", "memory.used", FH_SAMPLE_NOT_SUPPORTED},
    {"status", "\"pe_core\": 7, \"pe_utilization\": 73.5",
     "\"pe_core\": 7, \"pe_utilization\": 735", "core.utilization 7", kWrong},
    {"status", "\"pe_core\": 7, \"pe_utilization\": 73.5",
     "\"pe_core\": 7, \"pe_utilization\": \"73.5\"", "core.utilization 7", kWrong},
};

}  // namespace

TEST_CASE("cards that only the tool shows are managed by it, in both of its dialects") {
  for (const char* dialect : {"", "old"}) {
    ToolBench bench(dialect);
    if (*dialect != '\0') bench.tree.write("answers/refused", "--format");
    bench.open();
    CHECK(bench.host.devices[1].key == "RNGD000001");
    CHECK(bench.host.devices[1].model == "RNGD");
    CHECK(bench.host.devices[1].raw.state == FH_DEVICE_MANAGED);
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    CHECK(bench.host.reading("temperature").value == 41.5);
    CHECK(bench.host.reading("power").value == 39);
    CHECK(bench.host.reading("utilization").value == doctest::Approx(73.5));
    CHECK(bench.host.reading("clock.core").value == 2000);
  }
}

TEST_CASE("what the tool prints is taken with its type and unit or not at all") {
  for (const ToolRow& row : kToolRows) {
    CAPTURE(std::string(row.to));
    ToolBench bench;
    bench.replace(row.answer, row.from, row.to);
    bench.open();
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    const std::string series = row.series;
    const size_t blank = std::min(series.find(' '), series.size());
    CHECK(bench.host
              .reading(series.substr(0, blank), series.substr(std::min(blank + 1, series.size())))
              .status == row.status);
    REQUIRE(bench.sample(kHealthy) == FH_OK);
    CHECK(bench.host.reading("temperature").value == 41.5);
    CHECK(bench.host.reading("memory.used").value == 4096);
    CHECK(bench.host.reading("utilization").value == doctest::Approx(73.5));
  }
}

TEST_CASE("a card that the tool calls dead is lost") {
  ToolBench bench;
  bench.replace("status", "\"alive\"", "\"dead\"");
  bench.open();
  CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
  CHECK(bench.sample(kHealthy) == FH_OK);
}

TEST_CASE("a tool that is cut short, fails or hangs leaves the cards on the list, unmanaged") {
  for (const char* how : {"cut", "fail", "hang", "missing", "no array"}) {
    CAPTURE(how);
    ToolBench bench;
    const std::string word = how;
    if (word == "cut") bench.replace("status", "}]", "");
    if (word == "fail") bench.tree.write("answers/refused", "json");
    if (word == "hang") bench.tree.write("answers/hang", "");
    if (word == "missing") bench.tree.remove("furiosa-smi");
    if (word == "no array") bench.tree.write("answers/info", "{}");
    bench.open(word == "hang" ? 500 : 5000);
    CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
    CHECK(bench.host.devices[1].key == "0000:11:00.0");
  }
}

TEST_CASE("a document cut anywhere gives no report, and never a crash") {
  ToolBench bench;
  const auto text_of = [&](const char* name) {
    std::ifstream file(bench.tree.at(std::string("answers/") + name));
    return std::string((std::istreambuf_iterator<char>(file)), {});
  };
  const std::string info = text_of("info"), status = text_of("status");
  CHECK(farmhand::furiosa::report_from(info, status).cards.size() == 2);
  for (size_t size = 0; size < info.size(); ++size) {
    CHECK(!farmhand::furiosa::report_from(info.substr(0, size), status).ok());
  }
}
