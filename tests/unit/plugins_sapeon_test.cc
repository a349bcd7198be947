// SPDX-License-Identifier: Apache-2.0
// The plugin `sapeon`: machines made of files, an adapter that prints prepared answers, and every
// way in which an answer can be wrong.
#include <doctest.h>
#include <farmhand/metrics.h>

#include <fstream>
#include <thread>

#include "fake_host.hh"
#include "fake_tree.hh"
#include "sim/catalogue.hh"

#include "sapeon/catalogue.hh"
#include "sapeon/report.hh"

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr uint32_t kHealthy = 0;
constexpr uint32_t kFaulty = 1;
constexpr int32_t kGood = FH_SAMPLE_OK;
constexpr int32_t kWrong = FH_SAMPLE_ERROR;
constexpr int32_t kUnsaid = FH_SAMPLE_UNKNOWN;

struct Bench {
  explicit Bench(const std::string& devices = "sapeon/x330 sapeon/x330") : tree(devices) {
    std::filesystem::copy(FARMHAND_SOURCE_DIR "/tests/fakes/tool", tree.at("adapter"));
  }
  explicit Bench(const FakeTree& machine) : tree(machine) {}

  int32_t open(Settings more = {}) {
    Settings settings{{"root", tree.root()}, {"interval_ms", "10"}};
    settings.insert(settings.begin(), more.begin(), more.end());  // the first of a key counts
    settings.emplace_back("adapter", tree.at("adapter") + ",cards");
    settings.emplace_back("match", "1234:0330=X330");
    const int32_t opened = host.open(settings);
    return opened == FH_OK ? host.enumerate() : opened;
  }
  int32_t sample(uint32_t device) {
    const int32_t declared = host.declare(device);
    return declared == FH_OK ? host.sample_all(device) : declared;
  }
  int32_t status(const char* series) const { return host.reading(series).status; }

  std::string answer() const {
    std::ifstream file(tree.at("answers/cards"));
    return std::string((std::istreambuf_iterator<char>(file)), {});
  }
  // The last place of `from`, which is the second card's.
  void replace(const std::string& from, const std::string& to) const {
    std::string text = answer();
    const size_t at = text.rfind(from);
    REQUIRE(at != std::string::npos);
    tree.write("answers/cards", text.replace(at, from.size(), to));
  }

  FakeTree tree;
  FakeHost host;
};

struct Row {
  const char* from;
  const char* to;
  const char* series;
  int32_t status;
  const char* check;
  int32_t verdict;
  const char* reason;
  const char* sentence;  // a part of it
};

constexpr int32_t kFine = FH_VERDICT_OK;
constexpr int32_t kWarn = FH_VERDICT_WARN;
constexpr int32_t kFail = FH_VERDICT_FAIL;
constexpr int32_t kUnclear = FH_VERDICT_UNKNOWN;
constexpr const char* kOdd = FH_REASON_READING_IMPLAUSIBLE;

// clang-format off
constexpr Row kRows[] = {
    {"\"power\": 81.5", "\"power\": \"81.5\"", "power", kWrong, "adapter", kWarn, kOdd, "devices[1].power is a text, not a number"},
    {"\"power\": 81.5", "\"power\": 81500", "power", kWrong, "adapter", kWarn, kOdd, "devices[1].power is 81500, not between 0 and 10000"},
    {"\"power\": 81.5", "\"power\": -1", "power", kWrong, "adapter", kWarn, kOdd, "devices[1].power is -1"},
    {"\"power\": 81.5", "\"power\": null", "power", kUnsaid, "adapter", kFine, "", ""},
    {"\"power\": 81.5", "\"powr\": 81.5", "power", kUnsaid, "adapter", kWarn, kOdd, "devices[1].powr is not in the schema"},
    {"\"power\": 81.5", "\"power\": [81.5]", "power", kWrong, "adapter", kWarn, kOdd, "devices[1].power is an array"},
    {"\"temperature\": 51.5", "\"temperature\": 51500", "temperature", kWrong, "temperature", kUnclear, kOdd, "temperature"},
    {"\"temperature\": 51.5", "\"temperature\": 96", "temperature", kGood, "temperature", kWarn, FH_REASON_TEMPERATURE_HIGH, "96.0"},
    {"\"utilization\": 62.5", "\"utilization\": 162.5", "utilization", kWrong, "adapter", kWarn, kOdd, "devices[1].utilization is 162.5"},
    {"\"utilization\": 62.5, ", "", "utilization", kUnsaid, "adapter", kFine, "", ""},
    {"\"memory_used\": 4096", "\"memory_used\": 99179869184", "memory.used", kWrong, "adapter", kWarn, kOdd, "devices[1].memory_used is more than memory_total"},
    {"\"state\": \"ok\"", "\"state\": \"fault\", \"state_text\": \"E42\"", "power", kGood, "state", kFail, FH_REASON_DEVICE_FAULT, "at fault"},
    {"\"state\": \"ok\"", "\"state\": \"fine\"", "power", kGood, "state", kUnclear, FH_REASON_READING_FAILED, "does not say"},
    {"\"state\": \"ok\"", "\"state\": \"fine\"", "power", kGood, "adapter", kWarn, kOdd, "devices[1].state is not one of ok, busy, fault, lost"},
    {"\"state\": \"ok\", ", "", "power", kGood, "state", kUnclear, FH_REASON_READING_FAILED, "does not say"},
    {"\"throttle\": []", "\"throttle\": [\"thermal\"]", "throttle.reasons", kGood, "throttle", kWarn, FH_REASON_THROTTLE_THERMAL, "slowed down"},
    {"\"throttle\": []", "\"throttle\": [\"warm\"]", "throttle.reasons", kWrong, "throttle", kUnclear, kOdd, "throttle"},
    {"\"throttle\": [], ", "", "throttle.reasons", kUnsaid, "throttle", kUnclear, FH_REASON_READING_FAILED, "throttle"},
    {"\"errors_uncorrected\": 0", "\"errors_uncorrected\": 2", "errors.uncorrected", kGood, "memory", kFail, FH_REASON_MEMORY_UNCORRECTED, "uncorrected"},
    {"\"errors_uncorrected\": 0, ", "", "errors.uncorrected", kUnsaid, "memory", kUnclear, FH_REASON_READING_FAILED, "errors"},
    {"\"nodes\": [\"/dev/sapeon1\"]", "\"nodes\": [\"/dev/../etc/shadow\"]", "power", kGood, "adapter", kWarn, kOdd, "devices[1].nodes has something else than a path below /dev"},
    {"\"SAPEON_DEVICES\"", "\"A=B\"", "power", kGood, "adapter", kWarn, kOdd, "devices[1].environment has 'A=B'"},
};
// clang-format on

}  // namespace

TEST_CASE(
    "what an adapter says wrong is named with its path, is no value, and is that card's alone") {
  const Bench machine;
  for (const Row& row : kRows) {
    CAPTURE(std::string(row.to));
    Bench bench(machine.tree);
    REQUIRE(bench.open({{"temperature_warn", "90"}}) == FH_OK);
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    bench.replace(row.from, row.to);
    const uint64_t begin = farmhand::boottime_ns();
    while (farmhand::boottime_ns() - begin < 10'000'000) std::this_thread::yield();
    REQUIRE(bench.sample(kFaulty) == FH_OK);
    CHECK(bench.status(row.series) == row.status);
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    const FakeVerdict& verdict = bench.host.verdicts[row.check];
    CHECK(verdict.verdict == row.verdict);
    CHECK(verdict.reason == row.reason);
    CHECK(verdict.sentence.find(row.sentence) != std::string::npos);
    REQUIRE(bench.sample(kHealthy) == FH_OK);
    CHECK(bench.host.reading("power").value == 81.5);
    REQUIRE(bench.host.check(kHealthy) == FH_OK);
    for (const auto& [check, each] : bench.host.verdicts) {
      CAPTURE(check);
      CHECK(each.verdict == FH_VERDICT_OK);
    }
  }
}

TEST_CASE("a card is what the PCI bus, hwmon and the adapter say together") {
  Bench bench;
  REQUIRE(bench.open() == FH_OK);
  REQUIRE(bench.host.devices.size() == 2);
  const FakeDevice& card = bench.host.devices[1];
  CHECK(card.key == "SX330-0001");
  CHECK(card.model == "X330");
  CHECK(card.pci == "0000:11:00.0");
  CHECK(card.firmware == "1.2.0");
  CHECK(card.driver == "3.1.4");
  CHECK(card.raw.numa_node == 1);
  CHECK(card.raw.state == FH_DEVICE_MANAGED);
  CHECK(card.peaks.at("unstated") == 367);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.host.reading("temperature").value == 51.5);
  CHECK(bench.host.reading("temperature", "board").value == 36);
  CHECK(bench.host.reading("inferences").value == 1234);
  CHECK(bench.host.reading("link.width").value == 16);
  CHECK(bench.host.reading("energy").status == kUnsaid);
}

TEST_CASE("without an adapter: presence, link and sensors, unmanaged, and nothing is well") {
  Bench bench("sapeon/x330 sapeon/bare");
  REQUIRE(bench.open({{"adapter", ""}}) == FH_OK);
  REQUIRE(bench.host.devices.size() == 2);
  CHECK(bench.host.devices[0].key == "0000:10:00.0");
  CHECK(bench.host.devices[0].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(bench.host.devices[1].note.find("no driver is bound") != std::string::npos);
  REQUIRE(bench.sample(0) == FH_OK);
  CHECK(bench.host.reading("temperature").value == 36);
  CHECK(bench.status("power") == kUnsaid);
  REQUIRE(bench.host.check(0) == FH_OK);
  CHECK(bench.host.verdict("driver") == kFail);
  CHECK(bench.host.verdict("state") == kUnclear);
  CHECK(bench.host.prepare({0}) == FH_E_UNSUPPORTED);
}

TEST_CASE("nothing configured is not detectable; a configured id that is not there is no card") {
  FakeHost host;
  REQUIRE(host.open({}) == FH_OK);
  CHECK(host.enumerate() == FH_E_UNSUPPORTED);
  CHECK(std::string(host.err.text).find("not detectable") != std::string::npos);
  Bench none("");
  REQUIRE(none.open({{"adapter", ""}}) == FH_OK);
  CHECK(none.host.devices.empty());
}

TEST_CASE(
    "an adapter that is cut short, fails, hangs or is missing makes everything it said unknown") {
  for (const char* how :
       {"cut", "fail", "hang", "missing", "other schema", "no array", "not json"}) {
    CAPTURE(std::string(how));
    Bench bench;
    REQUIRE(bench.open({{"timeout_ms", "300"}}) == FH_OK);
    const std::string word = how;
    if (word == "cut") bench.replace("}]}", "");
    if (word == "fail") bench.tree.write("answers/refused", "cards");
    if (word == "hang") bench.tree.write("answers/hang", "");
    if (word == "missing") bench.tree.remove("adapter");
    if (word == "other schema")
      bench.tree.write("answers/cards", "{\"schema\":\"x\",\"devices\":[]}");
    if (word == "no array") bench.tree.write("answers/cards", "{\"schema\":\"farmhand.sapeon/1\"}");
    if (word == "not json") bench.tree.write("answers/cards", "Traceback (most recent call last)");
    bench.host.deadline_ms = 2000;
    do {
      REQUIRE(bench.sample(kFaulty) == FH_OK);
    } while (bench.status("power") == kGood);
    CHECK(bench.status("power") == kUnsaid);
    CHECK(bench.status("temperature") == kUnsaid);
    CHECK(bench.host.reading("temperature", "board").value == 36);
    REQUIRE(bench.host.check(kFaulty) == FH_OK);
    CHECK(bench.host.verdict("adapter") == kUnclear);
    CHECK(bench.host.verdict("state") == kUnclear);
    REQUIRE(bench.host.enumerate() == FH_OK);
    REQUIRE(bench.host.devices.size() == 2);
    CHECK(bench.host.devices[1].key == "SX330-0001");  // the name stays
    CHECK(bench.host.devices[1].raw.state == FH_DEVICE_UNMANAGED);
  }
}

TEST_CASE("a card that only the adapter knows stays on the list when the adapter fails") {
  Bench bench;
  REQUIRE(bench.open({{"match", "9999:9999=X220"}}) == FH_OK);  // said by PCI address
  CHECK(bench.host.devices.size() == 2);
  bench.tree.write(
      "answers/cards",
      "{\"schema\":\"farmhand.sapeon/1\",\"devices\":[{\"serial\":\"S1\",\"power\":7}]}");
  do {
    REQUIRE(bench.host.enumerate() == FH_OK);
  } while (bench.host.devices.size() == 2);
  REQUIRE(bench.host.devices.size() == 1);
  CHECK(bench.host.devices[0].key == "S1");
  bench.tree.write("answers/refused", "cards");
  do {
    REQUIRE(bench.host.enumerate() == FH_OK);
    REQUIRE(bench.host.devices.size() == 1);
  } while (bench.host.devices[0].raw.state == FH_DEVICE_MANAGED);
  CHECK(bench.host.devices[0].key == "S1");
  CHECK(bench.sample(bench.host.devices[0].raw.handle) == FH_E_DEVICE_LOST);
}

TEST_CASE("a card that left the bus, or that the adapter calls lost, is lost") {
  Bench bench;
  REQUIRE(bench.open() == FH_OK);
  bench.tree.apply("sapeon/x330 sapeon/x330:vanish");
  CHECK(bench.sample(kFaulty) == FH_E_DEVICE_LOST);
  CHECK(bench.sample(kHealthy) == FH_OK);
  Bench lost;
  lost.replace("\"state\": \"ok\"", "\"state\": \"lost\"");
  REQUIRE(lost.open() == FH_OK);
  CHECK(lost.sample(kFaulty) == FH_E_DEVICE_LOST);
  REQUIRE(lost.host.check(kFaulty) == FH_OK);
  CHECK(lost.host.verdict("state") == kFail);
  CHECK(lost.sample(kHealthy) == FH_OK);
}

TEST_CASE("the link is judged without any help") {
  Bench bench("sapeon/x330 sapeon/x330:narrow");
  REQUIRE(bench.open() == FH_OK);
  REQUIRE(bench.host.check(kFaulty) == FH_OK);
  CHECK(bench.host.verdict("link") == kWarn);
  Bench degrees("sapeon/x330 sapeon/x330:degrees");
  REQUIRE(degrees.open({{"adapter", ""}}) == FH_OK);
  REQUIRE(degrees.sample(kFaulty) == FH_OK);
  CHECK(degrees.status("temperature") == kWrong);
  REQUIRE(degrees.host.check(kFaulty) == FH_OK);
  CHECK(degrees.host.verdict("temperature") == kUnclear);
}

TEST_CASE("a job gets the nodes and variables that the adapter names") {
  Bench bench;
  REQUIRE(bench.open() == FH_OK);
  REQUIRE(bench.host.prepare({1, 0}) == FH_OK);
  CHECK(bench.host.nodes == std::vector<std::string>{"/dev/sapeon1", "/dev/sapeon0"});
  CHECK(bench.host.variables["SAPEON_DEVICES"] == "1,0");
}

TEST_CASE("a PCI id that is written otherwise is refused with the right form") {
  for (const char* text : {"1234", "1234:0330", "1234:0330=", "12x4:0330=X330", "1234:330=X330"}) {
    FakeHost host;
    CHECK(host.open({{"match", text}}) == FH_E_INVALID);
    CHECK(std::string(host.err.text).find("1234:0330=X330") != std::string::npos);
  }
}

TEST_CASE("every beginning of an answer is no report") {
  const Bench bench;
  const std::string whole = bench.answer();
  REQUIRE(farmhand::sapeon::report_from(whole).cards.size() == 2);
  for (size_t size = 0; size < whole.size(); ++size) {
    CHECK(!farmhand::sapeon::report_from(whole.substr(0, size)).ok());
  }
}

TEST_CASE("cards without a name, and the same card twice, are complained of and left out") {
  const auto report = farmhand::sapeon::report_from(
      R"({"schema":"farmhand.sapeon/1","devices":[{"power":1},7,{"serial":"A"},{"serial":"A"}]})");
  CHECK(report.ok());
  CHECK(report.cards.size() == 1);
  REQUIRE(report.complaints.size() == 3);
  CHECK(report.complaints[0] == "devices[0] names neither pci nor serial");
  CHECK(report.complaints[1] == "devices[1] is a number, not an object");
  CHECK(report.complaints[2] == "devices[3] is a card that was there before");
}

TEST_CASE("the example adapter says what its files say, and nothing of an old file") {
  Bench bench;
  bench.tree.write("said/0000:10:00.0",
                   "power: 81.5\nstate: ok\nserial: SX330-0000\nnodes: /dev/sapeon0\n");
  bench.tree.write("said/0000:11:00.0", "power: 7\n");
  std::filesystem::last_write_time(
      bench.tree.at("said/0000:11:00.0"),
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  REQUIRE(bench.open({{"adapter", FARMHAND_SOURCE_DIR "/plugins/sapeon/adapter," +
                                      bench.tree.at("said")}}) == FH_OK);
  REQUIRE(bench.sample(kHealthy) == FH_OK);
  CHECK(bench.host.reading("power").value == 81.5);
  REQUIRE(bench.sample(kFaulty) == FH_OK);
  CHECK(bench.status("power") == kUnsaid);
}

// Two catalogues on purpose, see plugins/furiosa/README.md.
TEST_CASE("the simulator and the plugin state the same peaks with the same sources") {
  for (const char* name : {"X220", "X330"}) {
    const auto* ours = farmhand::sapeon::find_model(name);
    const auto* simulated = farmhand::sim::find_model(name);
    REQUIRE(ours != nullptr);
    REQUIRE(simulated != nullptr);
    REQUIRE(ours->peaks.size() == simulated->peaks.size());
    CHECK(ours->peaks[0].dtype == simulated->peaks[0].dtype);
    CHECK(ours->peaks[0].tera_ops == simulated->peaks[0].tera_ops);
    CHECK(ours->peaks[0].source == simulated->peaks[0].source);
  }
}
