// SPDX-License-Identifier: Apache-2.0
// Rules over metrics, in virtual time.
#include <doctest.h>

#include <string>
#include <vector>

#include "health/rules.hh"

using namespace farmhand;
using namespace std::chrono_literals;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

MetricInfo metric(uint32_t id, const std::string& name, Unit unit = Unit::kNone,
                  MetricKind kind = MetricKind::kGauge) {
  MetricInfo info;
  info.id = id;
  info.name = name;
  info.unit = unit;
  info.kind = kind;
  return info;
}

RuleDefinition rule(const std::string& name, const std::string& of_metric) {
  RuleDefinition definition;
  definition.name = name;
  definition.metric = of_metric;
  definition.reason = "temperature.high";
  return definition;
}

RuleDefinition hot() {
  RuleDefinition definition = rule("hot", "temperature");
  definition.warn_above = 85;
  definition.fail_above = 95;
  definition.clear = 5;
  return definition;
}

struct Farm {
  Farm() {
    device.key = "npu0";
    device.vendor = "furiosa";
    device.model = "rngd";
    metrics = {metric(1, "temperature", Unit::kCelsius), metric(2, "utilization", Unit::kPercent),
               metric(3, "energy", Unit::kJoule, MetricKind::kCounter), metric(9, "power")};
  }
  void use(const RuleDefinition& definition) {
    rules.set({definition}, now_ns);
    rules.declare(device, metrics, kSecond);
  }
  void read(uint32_t id, double value, SampleStatus status = SampleStatus::kOk) {
    const Sample sample{id, status, value, now_ns};
    rules.on_samples(device.key, {&sample, 1});
  }
  void pass(uint64_t seconds) {
    now_ns += seconds * kSecond;
    rules.tick(now_ns);
  }
  Verdict verdict() const { return last.verdict; }

  DeviceInfo device;
  std::vector<MetricInfo> metrics;
  uint64_t now_ns = 1000 * kSecond;
  Finding last;
  int told = 0;
  std::string source;
  Rules rules{[this](const std::string&, const std::string& from, std::span<const Finding> all) {
    source = from;
    last = all.back();
    ++told;
  }};
};

}  // namespace

TEST_CASE("a threshold warns, fails, and is well again only some way back") {
  Farm farm;
  farm.use(hot());
  const auto after = [&](double value) {
    farm.pass(1);
    farm.read(1, value);
    return farm.verdict();
  };
  CHECK(after(60) == Verdict::kOk);
  CHECK(farm.source == "rule hot");
  CHECK(after(86) == Verdict::kWarn);
  CHECK(farm.last.sentence == "temperature is 86 °C, above 85 °C");
  CHECK(farm.last.evidence[0].most == 85);
  CHECK(after(82) == Verdict::kWarn);
  CHECK(after(96) == Verdict::kFail);
  CHECK(farm.last.reason == "temperature.high");
  CHECK(after(91) == Verdict::kFail);
  CHECK(after(89) == Verdict::kWarn);
  CHECK(after(79) == Verdict::kOk);
}

TEST_CASE("a condition has to hold for its duration; a spike does not count") {
  Farm farm;
  RuleDefinition definition = hot();
  definition.hold = 10s;
  farm.use(definition);
  for (int i = 0; i < 100; ++i) {
    farm.pass(1);
    farm.read(1, i % 10 == 0 ? 60 : 99);  // hot for nine seconds at most
  }
  CHECK(farm.verdict() == Verdict::kOk);
  for (int i = 0; i < 12; ++i) {
    farm.pass(1);
    farm.read(1, 99);
  }
  CHECK(farm.verdict() == Verdict::kFail);
}

TEST_CASE("what could not be read neither raises an alarm nor ends one") {
  Farm farm;
  farm.use(hot());
  farm.read(1, 60);
  farm.pass(1);
  farm.read(1, 99, SampleStatus::kStale);
  CHECK(farm.verdict() == Verdict::kOk);
  farm.pass(1);
  farm.read(1, 99);
  REQUIRE(farm.verdict() == Verdict::kFail);
  for (const SampleStatus status : {SampleStatus::kError, SampleStatus::kUnknown,
                                    SampleStatus::kNoPermission, SampleStatus::kNotSupported}) {
    farm.pass(1);
    farm.read(1, 20, status);
    CHECK(farm.verdict() == Verdict::kFail);
  }
}

TEST_CASE("a series that is not read for long is unknown, and known again with the next reading") {
  Farm farm;
  farm.use(hot());
  farm.read(1, 60);
  for (int i = 0; i < 61; ++i) {
    farm.pass(1);
    farm.read(1, 0, SampleStatus::kError);
  }
  CHECK(farm.verdict() == Verdict::kUnknown);
  CHECK(farm.last.reason == "reading.failed");
  CHECK(farm.last.sentence.find("(error)") != std::string::npos);
  farm.read(1, 60);
  CHECK(farm.verdict() == Verdict::kOk);
}

TEST_CASE("a metric that a device does not offer makes no finding") {
  Farm farm;
  farm.use(hot());
  for (int i = 0; i < 200; ++i) {
    farm.read(1, 0, SampleStatus::kNotSupported);
    farm.pass(1);
  }
  CHECK(farm.told == 0);
}

TEST_CASE("a rate is a mean over its time, and a counter that restarts is no rate") {
  Farm farm;
  farm.metrics[2] = metric(3, "errors.corrected", Unit::kNone, MetricKind::kCounter);
  RuleDefinition definition = rule("ecc", "errors.corrected");
  definition.warn_rate = 1;
  definition.fail_rate = 10;
  farm.use(definition);
  double counter = 1000;
  const auto run = [&](int seconds, double per_second) {
    for (int i = 0; i < seconds; ++i) {
      farm.pass(1);
      farm.read(3, counter += per_second);
    }
    return farm.verdict();
  };
  CHECK(run(120, 0.5) == Verdict::kOk);
  counter += 20;  // one burst within a minute is no rate of one per second
  CHECK(run(60, 0.1) == Verdict::kOk);
  CHECK(run(120, 2) == Verdict::kWarn);
  CHECK(farm.last.sentence.find("errors.corrected grows by") == 0);
  counter = 0;
  CHECK(run(120, 0.1) == Verdict::kOk);
  CHECK(run(120, 50) == Verdict::kFail);
}

TEST_CASE("what must not grow at all fails with the first reading that grew") {
  Farm farm;
  farm.metrics[2] = metric(3, "errors.uncorrected", Unit::kNone, MetricKind::kCounter);
  RuleDefinition definition = rule("uncorrected", "errors.uncorrected");
  definition.fail_rate = 0;
  definition.over = 300s;
  farm.use(definition);
  const auto read = [&](double errors) {
    farm.pass(1);
    farm.read(3, errors);
    return farm.verdict();
  };
  CHECK(read(7) == Verdict::kOk);  // before we looked is the past
  CHECK(read(7) == Verdict::kOk);
  CHECK(read(8) == Verdict::kFail);
}

TEST_CASE("a counter that stands still while it should move fails; one that may rest does not") {
  Farm farm;
  RuleDefinition definition = rule("stuck", "energy");
  definition.stuck_for = 60s;
  definition.while_metric = "utilization";
  definition.while_above = 50;
  farm.use(definition);
  const auto run = [&](int seconds, double utilization, double joules_per_second) {
    static double joules = 5;
    for (int i = 0; i < seconds; ++i) {
      farm.pass(1);
      farm.read(2, utilization);
      farm.read(3, joules += joules_per_second);
    }
    return farm.verdict();
  };
  CHECK(run(300, 0, 0) == Verdict::kOk);
  CHECK(run(300, 90, 100) == Verdict::kOk);
  CHECK(run(50, 90, 0) == Verdict::kOk);
  CHECK(run(15, 90, 0) == Verdict::kFail);
  CHECK(farm.last.sentence.find("stands still") != std::string::npos);
  CHECK(run(2, 90, 100) == Verdict::kOk);
}

TEST_CASE("a rule looks only at devices of its filter and at series of its unit") {
  Farm farm;
  RuleDefinition definition = hot();
  definition.filter.vendor = "rebellions";
  farm.use(definition);
  CHECK(farm.rules.watched() == 0);
  definition.filter.vendor = "furi*";
  farm.use(definition);
  CHECK(farm.rules.watched() == 1);
  definition.unit = "W";
  farm.use(definition);
  CHECK(farm.rules.watched() == 0);
}

TEST_CASE("each part of a device has a finding of its own") {
  Farm farm;
  MetricInfo part = metric(5, "temperature", Unit::kCelsius);
  part.label = "core";
  part.label_value = "3";
  farm.metrics.push_back(part);
  farm.use(hot());
  farm.read(1, 60);
  farm.read(5, 99);
  CHECK(farm.last.check == "hot.3");
  CHECK(farm.verdict() == Verdict::kFail);
}

TEST_CASE("a reload keeps what an unchanged rule knows, and says which sources are no more") {
  Farm farm;
  RuleDefinition definition = hot();
  farm.use(definition);
  farm.read(1, 99);
  farm.pass(1);
  CHECK(farm.rules.set({definition, rule("new", "power")}, farm.now_ns).empty());
  farm.read(1, 92);  // within the way back of what it knows
  CHECK(farm.verdict() == Verdict::kFail);
  CHECK(farm.rules.set({definition}, farm.now_ns) == std::vector<std::string>{"rule new"});
}

TEST_CASE("a verdict is told when it changes and once a minute, not with every sample") {
  Farm farm;
  farm.use(hot());
  for (int i = 0; i < 600; ++i) {
    farm.pass(1);
    farm.read(1, 60);
  }
  CHECK(farm.told >= 10);
  CHECK(farm.told <= 13);
}
