// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "card.hh"
#include "control.hh"
#include "fake_host.hh"
#include "load.hh"
#include "series.hh"

using farmhand::sim::Card;
using farmhand::sim::find_model;
using farmhand::sim::Load;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

// A control file of one test.
class ControlFile {
 public:
  ControlFile() {
    char name[] = "/tmp/farmhand-sim-XXXXXX";
    const int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    ::close(fd);
    path = name;
  }
  ~ControlFile() { unlink(path.c_str()); }

  void write(const std::string& text) const {
    FILE* file = fopen(path.c_str(), "w");
    fputs(text.c_str(), file);
    fclose(file);
  }

  std::string path;
};

// One RNGD with its control file, enumerated and declared.
struct Bench {
  explicit Bench(const char* load = "jobs") {
    REQUIRE(host.open({{"devices", "RNGD:1"}, {"control", control.path}, {"load", load}}) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
    REQUIRE(host.declare(0) == FH_OK);
  }
  ControlFile control;
  FakeHost host;
};

}  // namespace

TEST_CASE("a mixed fleet is listed with models, vendors and sourced peaks") {
  FakeHost host;
  REQUIRE(host.open({{"devices", "RNGD:2, ATOM-Max ,x330:1,H100-SXM5"}}) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  REQUIRE(host.devices.size() == 5);
  CHECK(host.devices[0].model == "RNGD");
  CHECK(host.devices[0].vendor == "furiosa");
  CHECK(host.devices[0].peaks.at("int8") == 512);
  CHECK(host.devices[2].vendor == "rebellions");
  CHECK(host.devices[3].model == "X330");
  CHECK(host.devices[3].peaks.count("int8") == 0);
  CHECK(host.devices[4].vendor == "nvidia");
  for (const FakeDevice& device : host.devices) {
    CHECK(device.raw.memory_bytes > 0);
    for (const auto& [dtype, source] : device.sources) CHECK(!source.empty());
  }
  CHECK(host.devices[0].key != host.devices[1].key);
}

TEST_CASE("the same seed gives the same keys, another seed others") {
  std::string keys[3];
  const char* seeds[] = {"7", "7", "8"};
  for (int i = 0; i < 3; ++i) {
    FakeHost host;
    REQUIRE(host.open({{"devices", "RNGD"}, {"seed", seeds[i]}}) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
    keys[i] = host.devices[0].key;
  }
  CHECK(keys[0] == keys[1]);
  CHECK(keys[0] != keys[2]);
}

TEST_CASE("an excluded device is neither listed nor touched, and the others keep their handles") {
  std::string key;
  {
    FakeHost host;
    REQUIRE(host.open({{"devices", "RNGD:3"}}) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
    key = host.devices[1].key;
  }
  FakeHost host;
  REQUIRE(host.open({{"devices", "RNGD:3"}}, {key}) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  REQUIRE(host.devices.size() == 2);
  CHECK(host.devices[1].raw.handle == 2);
  CHECK(host.declare(1) == FH_E_INVALID);
}

TEST_CASE("as many series as asked for, the first ones the standard ones") {
  for (const char* count : {"1", "32", "500"}) {
    FakeHost host;
    REQUIRE(host.open({{"devices", "Warboy"}, {"metrics", count}}) == FH_OK);
    REQUIRE(host.declare(0) == FH_OK);
    CHECK(host.metrics.size() == static_cast<size_t>(atoi(count)));
    CHECK(host.metrics[0].name == "utilization");
    CHECK(host.sample_all(0) == FH_OK);
    CHECK(host.samples.size() == host.metrics.size());
    for (const auto& [id, sample] : host.samples) CHECK(sample.status == FH_SAMPLE_OK);
  }
}

TEST_CASE("wrong settings are refused with a sentence that says what to write") {
  const std::pair<std::string, std::string> wrong[] = {
      {"devices", "TPU:2"}, {"devices", "RNGD:x"}, {"count", "-1"},   {"metrics", "0"},
      {"load", "heavy"},    {"load", "101"},       {"energy", "yes"}, {"colour", "red"}};
  for (const auto& setting : wrong) {
    FakeHost host;
    CHECK(host.open({setting}) == FH_E_INVALID);
    CHECK(std::string(host.err.text).size() > 10);
  }
  FakeHost host;
  CHECK(host.open({{"model", "TPU"}}) == FH_E_INVALID);
  CHECK(std::string(host.err.text).find("RNGD") != std::string::npos);
}

TEST_CASE("a card's state depends on the time, not on how often it is asked") {
  const Load load("jobs");
  Card often(*find_model("RNGD"), load, 42);
  Card seldom(*find_model("RNGD"), load, 42);
  for (uint64_t t = 0; t <= 20 * kSecond; t += kSecond / 100) often.advance(t);
  seldom.advance(20 * kSecond);
  CHECK(often.state().power_watt == seldom.state().power_watt);
  CHECK(often.state().chip_celsius == seldom.state().chip_celsius);
  CHECK(often.state().energy_joule == seldom.state().energy_joule);
}

TEST_CASE("power follows load between idle and full, energy is its integral") {
  const farmhand::sim::Model& model = *find_model("RNGD");
  Card idle(model, Load("idle"), 1);
  Card full(model, Load("full"), 1);
  idle.advance(10 * kSecond);
  full.advance(10 * kSecond);
  CHECK(idle.state().power_watt == doctest::Approx(model.idle_watt));
  CHECK(full.state().power_watt == doctest::Approx(model.full_watt));
  CHECK(full.state().energy_joule == doctest::Approx(10 * model.full_watt));
  CHECK(full.state().chip_celsius > idle.state().chip_celsius + 10);
}

TEST_CASE("a full card settles below the throttle limit; an overheating one throttles and cools") {
  Card card(*find_model("H100 SXM5"), Load("full"), 3);
  card.advance(300 * kSecond);
  CHECK(card.state().chip_celsius < Card::kThrottleCelsius);
  CHECK(!card.throttled());
  card.set_overheating(true);
  card.advance(600 * kSecond);
  CHECK(card.throttled());
  CHECK(card.state().chip_celsius < Card::kThrottleCelsius + 5);
  card.set_overheating(false);
  card.advance(900 * kSecond);
  CHECK(!card.throttled());
}

TEST_CASE("values stay within what such a part can show, over an hour of every model") {
  for (const farmhand::sim::Model& model : farmhand::sim::catalogue()) {
    Card card(model, Load("jobs"), 5);
    const auto series = farmhand::sim::series_of(model, true, 64);
    for (uint64_t t = 0; t < 3600; t += 60) {
      card.advance(t * kSecond);
      for (const auto& each : series) {
        const auto& info = farmhand::sim::info_of(each.quantity);
        const double value = farmhand::sim::value_of(each, card);
        CHECK(std::isfinite(value));
        CHECK(value >= 0);
        if (info.unit == FH_UNIT_PERCENT) CHECK(value <= 100);
        if (info.unit == FH_UNIT_CELSIUS) CHECK(value < 100);
        if (info.unit == FH_UNIT_WATT) CHECK(value <= model.full_watt * 1.05);
      }
    }
  }
}

TEST_CASE("a part of which no source states peaks claims none") {
  FakeHost host;
  REQUIRE(host.open({{"devices", "X220:1,X220-Compact:1,X330-Prime:1"}}) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  REQUIRE(host.devices.size() == 3);
  CHECK(!host.devices[0].peaks.empty());
  CHECK(host.devices[1].peaks.empty());
  CHECK(host.devices[2].peaks.empty());
}

TEST_CASE("an energy counter is there when the real part has one, or when it is asked for") {
  const auto has_energy = [](const char* model, const char* energy) {
    FakeHost host;
    REQUIRE(host.open({{"devices", model}, {"energy", energy}}) == FH_OK);
    REQUIRE(host.declare(0) == FH_OK);
    return host.find_metric("energy") != nullptr;
  };
  CHECK(has_energy("H100 SXM5", "real"));
  CHECK(!has_energy("RNGD", "real"));
  CHECK(has_energy("RNGD", "always"));
  CHECK(!has_energy("H100 SXM5", "never"));
}

TEST_CASE("faults are switched on and off while the device is sampled") {
  Bench bench;
  CHECK(bench.host.sample_all(0) == FH_OK);
  bench.control.write("0 lost\n");
  CHECK(bench.host.sample_all(0) == FH_E_DEVICE_LOST);
  CHECK(std::string(bench.host.err.text).find("bus") != std::string::npos);
  bench.control.write("# nothing\n");
  CHECK(bench.host.sample_all(0) == FH_OK);
}

TEST_CASE("a fault is aimed by index, by key or at all") {
  Bench bench;
  for (const std::string& target :
       {std::string("0"), std::string("*"), bench.host.devices[0].key}) {
    bench.control.write(target + " no_permission\n");
    CHECK(bench.host.sample_all(0) == FH_OK);
    CHECK(bench.host.reading("power").status == FH_SAMPLE_NO_PERMISSION);
  }
  bench.control.write("1 no_permission\n");
  CHECK(bench.host.sample_all(0) == FH_OK);
  CHECK(bench.host.reading("power").status == FH_SAMPLE_OK);
}

TEST_CASE("counters go back once, and grow on from there") {
  Bench bench("full");
  usleep(60'000);
  CHECK(bench.host.sample_all(0) == FH_OK);
  const double before = bench.host.reading("cycles").value;
  CHECK(before > 0);
  bench.control.write("* counter_backwards\n");
  CHECK(bench.host.sample_all(0) == FH_OK);
  const double after = bench.host.reading("cycles").value;
  CHECK(after < before);
  usleep(60'000);
  CHECK(bench.host.sample_all(0) == FH_OK);
  CHECK(bench.host.reading("cycles").value > after);
}

TEST_CASE("a stale reading keeps its old value and its old time") {
  Bench bench;
  CHECK(bench.host.sample_all(0) == FH_OK);
  const FakeSample fresh = bench.host.reading("temperature");
  bench.control.write("0 stale\n");
  usleep(30'000);
  CHECK(bench.host.sample_all(0) == FH_OK);
  const FakeSample stale = bench.host.reading("temperature");
  CHECK(stale.status == FH_SAMPLE_STALE);
  CHECK(stale.value == fresh.value);
  CHECK(stale.boottime_ns == fresh.boottime_ns);
}

TEST_CASE("garbage is emitted, refused, and survives the refusal") {
  Bench bench;
  bench.control.write("0 garbage\n");
  bench.host.lenient = true;
  CHECK(bench.host.sample_all(0) == FH_OK);
  CHECK(bench.host.refused > 10);
}

TEST_CASE("vanished, unmanaged and forbidden devices show so when listed") {
  Bench bench;
  bench.control.write("0 vanish\n");
  CHECK(bench.host.enumerate() == FH_OK);
  CHECK(bench.host.devices.empty());
  CHECK(bench.host.sample_all(0) == FH_E_DEVICE_LOST);
  bench.control.write("0 unmanaged\n");
  CHECK(bench.host.enumerate() == FH_OK);
  REQUIRE(bench.host.devices.size() == 1);
  CHECK(bench.host.devices[0].raw.state == FH_DEVICE_UNMANAGED);
  CHECK(!bench.host.devices[0].note.empty());
  bench.control.write("0 no_permission\n");
  CHECK(bench.host.enumerate() == FH_OK);
  CHECK(bench.host.devices[0].raw.state == FH_DEVICE_NO_PERMISSION);
  bench.control.write("* enumerate_fail\n");
  CHECK(bench.host.enumerate() == FH_E_UNSUPPORTED);
}

TEST_CASE("uncorrected errors are counted once per switching on") {
  Bench bench;
  bench.control.write("0 ecc 3\n");
  CHECK(bench.host.sample_all(0) == FH_OK);
  CHECK(bench.host.sample_all(0) == FH_OK);
  CHECK(bench.host.reading("errors.uncorrected").value == 3);
}

TEST_CASE("a slow call takes its time and still answers") {
  Bench bench;
  bench.control.write("0 slow 40\n");
  const uint64_t before = farmhand::boottime_ns();
  CHECK(bench.host.sample_all(0) == FH_OK);
  CHECK(farmhand::boottime_ns() - before >= 40'000'000);
}

TEST_CASE("hang and spin ignore the deadline and end when they are lifted") {
  for (const char* fault : {"0 hang\n", "0 spin\n"}) {
    Bench bench;
    bench.control.write(fault);
    bench.host.deadline_ms = 1;
    const pid_t lifter = fork();
    if (lifter == 0) {
      usleep(150'000);
      _exit(truncate(bench.control.path.c_str(), 0));
    }
    const uint64_t before = farmhand::boottime_ns();
    CHECK(bench.host.sample_all(0) == FH_OK);
    CHECK(farmhand::boottime_ns() - before >= 100'000'000);
    CHECK(waitpid(lifter, nullptr, 0) == lifter);
  }
}

TEST_CASE("a leak grows with every sample and is given back with the instance") {
  Bench bench;
  bench.control.write("0 leak 2\n");
  for (int i = 0; i < 3; ++i) CHECK(bench.host.sample_all(0) == FH_OK);
}

TEST_CASE("a crash is a signal") {
  Bench bench;
  bench.control.write("0 crash\n");
  const pid_t victim = fork();
  if (victim == 0) {
    bench.host.sample_all(0);
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(victim, &status, 0) == victim);
  CHECK(WIFSIGNALED(status));
}

TEST_CASE("a misspelt fault is logged once, and the other lines hold") {
  Bench bench;
  bench.control.write("0 krash\n0 lost\n");
  CHECK(bench.host.sample_all(0) == FH_E_DEVICE_LOST);
  CHECK(bench.host.sample_all(0) == FH_E_DEVICE_LOST);
  REQUIRE(bench.host.logs.size() == 1);
  CHECK(bench.host.logs[0].find("krash") != std::string::npos);
}

TEST_CASE("an older host's shorter structs are read no further than they reach") {
  FakeHost host;
  host.host.struct_size = offsetof(fh_host, cancelled);
  REQUIRE(host.open({{"devices", "RNGD"}}) == FH_OK);
  CHECK(host.enumerate() == FH_OK);
  host.close();
  host.host.struct_size = offsetof(fh_host, emit);
  CHECK(host.open({}) == FH_E_HOST_TOO_OLD);
  CHECK(std::string(host.err.text).find("emit") != std::string::npos);
}

TEST_CASE("an unknown interface id is answered with nothing") {
  Bench bench;
  for (const char* id : {"", "farmhand.devices/2", "farmhand.devices/1x", "com.acme/1"}) {
    CHECK(farmhand_plugin_v1.query(nullptr, farmhand::str(id)) == nullptr);
  }
}
