// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>

#include <memory>

#include "loop/timer.hh"
#include "telemetry/batcher.hh"
#include "telemetry/energy.hh"
#include "telemetry/intervals.hh"
#include "telemetry/rate.hh"
#include "telemetry/ring.hh"
#include "telemetry/sampler.hh"
#include "telemetry/schedule.hh"
#include "telemetry/self_cost.hh"
#include "telemetry/telemetry.hh"
#include "wire/record.hh"

using namespace farmhand;
using namespace std::chrono_literals;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kMs = 1'000'000;

MetricInfo gauge(uint32_t id, std::string name, Unit unit = Unit::kNone) {
  MetricInfo metric;
  metric.id = id;
  metric.name = std::move(name);
  metric.unit = unit;
  return metric;
}

MetricInfo counter(uint32_t id, std::string name, Unit unit = Unit::kNone) {
  MetricInfo metric = gauge(id, std::move(name), unit);
  metric.kind = MetricKind::kCounter;
  return metric;
}

Sample ok(uint32_t id, double value, uint64_t at_ns) {
  return {id, SampleStatus::kOk, value, at_ns};
}

IntervalRules rules_of_1s() {
  return IntervalRules{1000ms, {}, {}};
}

std::string ids_of(std::span<const SampleRequest> requests) {
  std::string out;
  for (const SampleRequest& request : requests) {
    out += (out.empty() ? "" : " ") + std::string(request.device) + ':';
    for (const uint32_t id : request.metrics) out += std::to_string(id);
  }
  return out;
}

}  // namespace

TEST_CASE("the name wins over the longest prefix, and that over the plugin's wish") {
  IntervalRules rules{
      1s, {{"*", 20s}, {"link.*", 10s}, {"link.rx.*", 5s}, {"link.rx.bytes", 50ms}}, {{"sim", 2s}}};
  CHECK(rules.of("x", gauge(1, "link.rx.bytes")) == 50ms);
  CHECK(rules.of("x", gauge(1, "link.rx.errors")) == 5s);
  CHECK(rules.of("x", gauge(1, "link.width")) == 10s);
  CHECK(rules.of("x", gauge(1, "linkage")) == 20s);
  rules.patterns = {{"power", 1ms}};
  CHECK(rules.of("x", gauge(1, "power")) == kIntervalFloor);
  CHECK(rules.of("sim", gauge(1, "temperature")) == 2s);
  MetricInfo slow = gauge(1, "firmware");
  slow.interval_ms = 60'000;
  CHECK(rules.of("sim", slow) == 60s);
  slow.interval_ms = 100;  // nobody asked for more than the agent's pace
  CHECK(rules.of("x", slow) == 1s);
}

TEST_CASE("everything is asked for at once, then on the grid, each group at its pace") {
  Schedule schedule;
  IntervalRules rules{1s, {{"power", 100ms}}, {}};
  const std::vector<MetricInfo> metrics = {gauge(1, "power"), gauge(2, "temperature")};
  const uint64_t start_ns = 10 * kSecond + 30 * kMs;
  schedule.declare("sim", "a", metrics, rules, start_ns);
  CHECK(schedule.next_due_ns() == start_ns);
  CHECK(ids_of(schedule.take_due(start_ns)) == "a:12");
  schedule.answered("a");
  CHECK(schedule.next_due_ns() == 10 * kSecond + 100 * kMs);
  CHECK(ids_of(schedule.take_due(10 * kSecond + 100 * kMs)) == "a:1");
  schedule.answered("a");
  for (uint64_t at = 200; at < 1000; at += 100) {
    CHECK(ids_of(schedule.take_due(10 * kSecond + at * kMs)) == "a:1");
    schedule.answered("a");
  }
  CHECK(ids_of(schedule.take_due(11 * kSecond)) == "a:12");  // the slow falls with the fast
  CHECK(schedule.missed() == 0);
}

TEST_CASE("a busy device is not asked again; its ticks are counted, not queued") {
  Schedule schedule;
  const std::vector<MetricInfo> metrics = {gauge(1, "power")};
  schedule.declare("sim", "a", metrics, rules_of_1s(), 10 * kSecond);
  CHECK(ids_of(schedule.take_due(10 * kSecond)) == "a:1");
  CHECK(schedule.take_due(11 * kSecond).empty());
  CHECK(schedule.take_due(12 * kSecond).empty());
  CHECK(schedule.missed("a") == 2);
  schedule.answered("a");
  CHECK(schedule.take_due(12 * kSecond + 1).empty());
  CHECK(ids_of(schedule.take_due(13 * kSecond)) == "a:1");
  schedule.answered("a");
  CHECK(ids_of(schedule.take_due(17 * kSecond)) == "a:1");  // 14, 15 and 16 were slept through
  CHECK(schedule.missed() == 5);
}

TEST_CASE("devices are spread over the second, and share a fast tick") {
  Schedule schedule;
  const std::vector<MetricInfo> metrics = {gauge(1, "power")};
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    schedule.declare("sim", key, metrics, rules_of_1s(), 10 * kSecond);
  }
  CHECK(ids_of(schedule.take_due(10 * kSecond)) == "a:1 b:1 c:1 d:1 e:1");
  for (const char* key : {"a", "b", "c", "d", "e"}) schedule.answered(key);
  CHECK(ids_of(schedule.take_due(10 * kSecond + 250 * kMs)) == "b:1");
  CHECK(ids_of(schedule.take_due(10 * kSecond + 500 * kMs)) == "c:1");
  CHECK(ids_of(schedule.take_due(10 * kSecond + 750 * kMs)) == "d:1");
  CHECK(ids_of(schedule.take_due(11 * kSecond)) == "a:1 e:1");
  for (const char* key : {"a", "b", "c", "d", "e"}) schedule.answered(key);
  const IntervalRules fast{10ms, {}, {}};
  for (const char* key : {"a", "b"}) {
    schedule.declare("sim", key, metrics, fast, 20 * kSecond);
    schedule.remove(key == std::string("a") ? "d" : "e");
  }
  schedule.remove("c");
  CHECK(ids_of(schedule.take_due(20 * kSecond)) == "a:1 b:1");
  schedule.answered("a");
  schedule.answered("b");
  CHECK(ids_of(schedule.take_due(20 * kSecond + 10 * kMs)) == "a:1 b:1");
}

TEST_CASE("an unknown device is not asked, and is asked at once when it is back") {
  Schedule schedule;
  const std::vector<MetricInfo> metrics = {gauge(1, "power")};
  schedule.declare("sim", "a", metrics, rules_of_1s(), 10 * kSecond);
  schedule.take_due(10 * kSecond);
  schedule.pause("a");
  CHECK(schedule.next_due_ns() == Schedule::kNever);
  CHECK(schedule.take_due(15 * kSecond).empty());
  schedule.resume("a", 15 * kSecond + 1);
  CHECK(ids_of(schedule.take_due(15 * kSecond + 1)) == "a:1");
  CHECK(schedule.missed() == 0);
}

namespace {

// Answers every request from within, or never.
struct FakeSource final : SampleSource {
  Sampler* sampler = nullptr;
  bool answers = true;
  int calls = 0;
  int requests = 0;
  uint64_t last_ns = 0;
  void sample(std::span<const SampleRequest> due) override {
    ++calls;
    last_ns = SystemClock().boottime_ns();
    for (const SampleRequest& request : due) {
      ++requests;
      if (answers) sampler->on_answered(request.device);
    }
  }
};

}  // namespace

TEST_CASE("the sampler keeps a pace of 10 ms and counts what it misses; it stops when told") {
  Loop loop;
  SystemClock clock;
  FakeSource source;
  Sampler sampler(loop, clock, source, IntervalRules{10ms, {}, {}});
  source.sampler = &sampler;
  const uint64_t start_ns = clock.boottime_ns();
  sampler.on_metrics("sim", "a", {gauge(1, "power")});
  while (source.calls < 10) loop.run_for_ms(20);
  const uint64_t ticks = (source.last_ns - start_ns) / (10 * kMs);
  const uint64_t seen = static_cast<uint64_t>(source.requests) + sampler.missed();
  CHECK(seen <= ticks + 2);  // the first at once, and one on the grid right after it
  CHECK(seen + 2 >= ticks);
  sampler.stop();
  const int calls = source.calls;
  sampler.on_device_back("a");
  loop.run_for_ms(30);
  CHECK(source.calls == calls);
}

TEST_CASE("a source that does not answer is asked once") {
  Loop loop;
  SystemClock clock;
  FakeSource source;
  source.answers = false;
  Sampler sampler(loop, clock, source, IntervalRules{10ms, {}, {}});
  sampler.on_metrics("sim", "a", {gauge(1, "power")});
  loop.run_for_ms(60);
  CHECK(source.requests == 1);
  CHECK(sampler.missed("a") >= 1);
  sampler.stop();
}

TEST_CASE("a counter that went back has no rate until it is read once more") {
  Rate rate;
  CHECK_FALSE(rate.update(100, 1 * kSecond));
  CHECK(rate.update(150, 2 * kSecond) == 50);
  CHECK_FALSE(rate.update(150, 2 * kSecond));  // the same reading
  CHECK(rate.update(150, 4 * kSecond) == 0);
  CHECK_FALSE(rate.update(10, 5 * kSecond));
  CHECK(rate.update(30, 7 * kSecond) == 10);
}

TEST_CASE("the ring holds a minute of seconds and an hour of periods, absent ones absent") {
  auto ring = std::make_unique<Ring>();
  CHECK(ring->seconds(kSecond).empty());
  CHECK(ring->periods(kSecond).empty());
  for (uint64_t s = 1000; s < 1100; ++s) ring->put(s * kSecond + 5, static_cast<double>(s));
  const uint64_t now_ns = 1099 * kSecond + 6;
  const auto seconds = ring->seconds(now_ns);
  REQUIRE(seconds.size() == 60);
  CHECK(seconds.front().value == 1040);
  CHECK(seconds.back().boottime_ns == 1099 * kSecond);
  const auto periods = ring->periods(now_ns);
  REQUIRE(periods.size() == 10);
  CHECK(periods[0].boottime_ns == 1000 * kSecond);
  CHECK(periods[0].min == 1000);
  CHECK(periods[0].mean == 1004.5);
  CHECK(periods[0].max == 1009);
  ring->put(1050 * kSecond, 7);  // older than the newest second
  CHECK(ring->seconds(now_ns)[10].value == 1050);
  CHECK(ring->seconds(1200 * kSecond).empty());  // a minute later nothing is recent
  CHECK(ring->periods(1200 * kSecond).size() == 10);

  ring->put(1130 * kSecond, 1);                       // half a minute without readings
  CHECK(ring->seconds(1130 * kSecond).size() == 30);  // 1071 to 1099, and 1130
  CHECK(ring->periods(1130 * kSecond).size() == 11);
  ring->put(90'000 * kSecond, 2);  // a day later
  CHECK(ring->seconds(90'000 * kSecond).size() == 1);
  CHECK(ring->periods(90'000 * kSecond).size() == 1);
}

TEST_CASE("of fast readings the second keeps the last and the period the extremes") {
  auto ring = std::make_unique<Ring>();
  for (uint64_t i = 0; i < 1000; ++i) ring->put(1000 * kSecond + i * 10 * kMs, i == 500 ? 99 : 1);
  CHECK(ring->seconds(1010 * kSecond).size() == 10);
  const auto periods = ring->periods(1010 * kSecond);
  REQUIRE(periods.size() == 1);
  CHECK(periods[0].max == 99);
  CHECK(periods[0].mean == doctest::Approx(1.098));
}

TEST_CASE("eight devices of 32 series keep an hour in about 1.2 MB") {
  CHECK(sizeof(Ring) * 8 * 32 <= 1'270'000);
}

TEST_CASE("energy is integrated from power, and gaps too wide are left out and said") {
  Energy energy;
  energy.on_power(100, 10 * kSecond);
  energy.on_power(200, 11 * kSecond);
  energy.on_power(200, 13 * kSecond);
  CHECK(energy.figure().joules == doctest::Approx(550));
  CHECK(energy.figure().source == EnergySource::kIntegrated);
  CHECK(energy.figure().samples == 3);
  CHECK(energy.figure().largest_gap_ns == 2 * kSecond);
  energy.on_power(200, 100 * kSecond);
  CHECK(energy.figure().joules == doctest::Approx(550));
  CHECK(energy.figure().uncovered_ns == 87 * kSecond);
}

TEST_CASE("a device's own counter is preferred, over gaps too, but not over its restart") {
  Energy energy;
  energy.on_power(100, 10 * kSecond);
  energy.on_counter(5000, 10 * kSecond);
  energy.on_counter(5100, 11 * kSecond);
  energy.on_power(900, 12 * kSecond);
  energy.on_counter(9000, 111 * kSecond);
  CHECK(energy.figure().joules == 4000);
  CHECK(energy.figure().source == EnergySource::kCounter);
  CHECK(energy.figure().samples == 3);
  CHECK(energy.figure().largest_gap_ns == 100 * kSecond);
  energy.on_counter(10, 112 * kSecond);
  energy.on_counter(30, 113 * kSecond);
  CHECK(energy.figure().joules == 4020);
  CHECK(energy.figure().uncovered_ns == kSecond);
}

TEST_CASE("a value grows stale after 3 intervals and unknown after 30, and is never shown as new") {
  ManualClock clock;
  Telemetry telemetry(clock, IntervalRules{2s, {}, {}});
  REQUIRE(telemetry.on_metrics("sim", "a", {gauge(1, "power"), counter(2, "errors")}));
  const DeviceSeries* a = telemetry.find("a");
  CHECK(a->reading(0, clock.boottime_ns()).status == SampleStatus::kUnknown);
  uint64_t at = clock.boottime_ns();
  telemetry.on_samples("a", std::vector{ok(1, 50, at), ok(2, 10, at)});
  telemetry.on_samples("a", std::vector{ok(2, 30, at + kSecond)});
  CHECK(a->reading(0, at + 6 * kSecond).status == SampleStatus::kOk);
  CHECK(a->reading(0, at + 6 * kSecond + 1).status == SampleStatus::kStale);
  CHECK(a->reading(0, at + 6 * kSecond + 1).value == 50);
  CHECK(a->reading(0, at + 60 * kSecond + 1).status == SampleStatus::kUnknown);
  CHECK(a->reading(1, at + kSecond).rate == 20);
  CHECK_FALSE(a->reading(1, at + 8 * kSecond).rate);
}

TEST_CASE("a failed reading is neither zero nor a point of the hour, and ends the rate") {
  ManualClock clock;
  Telemetry telemetry(clock, rules_of_1s());
  REQUIRE(telemetry.on_metrics("sim", "a", {counter(1, "errors"), gauge(2, "power")}));
  telemetry.on_samples("a", std::vector{ok(1, 1, kSecond), ok(2, 5, kSecond)});
  telemetry.on_samples("a", std::vector{ok(1, 3, 2 * kSecond)});
  telemetry.on_samples("a", std::vector<Sample>{{1, SampleStatus::kError, 0, 3 * kSecond},
                                                {2, SampleStatus::kNoPermission, 0, 3 * kSecond}});
  const DeviceSeries* a = telemetry.find("a");
  CHECK(a->reading(0, 3 * kSecond).status == SampleStatus::kError);
  CHECK_FALSE(a->reading(0, 3 * kSecond).rate);
  CHECK(a->reading(1, 3 * kSecond).status == SampleStatus::kNoPermission);
  const auto history = telemetry.history("a", "errors");
  REQUIRE(history);
  CHECK(history->is_rate);
  REQUIRE(history->seconds.size() == 1);
  CHECK(history->seconds[0].value == 2);
  CHECK(telemetry.history("a", "power")->seconds.size() == 1);
  CHECK(telemetry.history("a", "none").error().code == Errc::kNotFound);
  CHECK(telemetry.history("z", "power").error().code == Errc::kNotFound);
}

TEST_CASE("samples come in any order; undeclared ones are counted and passed over") {
  ManualClock clock;
  Telemetry telemetry(clock, rules_of_1s());
  REQUIRE(telemetry.on_metrics("sim", "a", {gauge(7, "x"), gauge(3, "y"), gauge(5, "z")}));
  telemetry.on_samples("a", std::vector{ok(7, 70, kSecond), ok(3, 30, kSecond), ok(4, 1, kSecond),
                                        ok(5, 50, kSecond)});
  telemetry.on_samples("b", std::vector{ok(1, 1, kSecond)});
  const DeviceSeries* a = telemetry.find("a");
  CHECK(a->reading(*a->find("x", ""), kSecond).value == 70);
  CHECK(a->reading(*a->find("y", ""), kSecond).value == 30);
  CHECK(a->reading(*a->find("z", ""), kSecond).value == 50);
  CHECK(telemetry.counts().samples == 3);
  CHECK(telemetry.counts().undeclared == 2);
  CHECK(telemetry.counts().series == 3);
}

TEST_CASE("series keep their hour when metrics are declared anew, also under new ids") {
  ManualClock clock;
  Telemetry telemetry(clock, rules_of_1s());
  REQUIRE(telemetry.on_metrics("sim", "a", {gauge(1, "power"), gauge(2, "temperature")}));
  telemetry.on_samples("a", std::vector{ok(1, 50, kSecond), ok(2, 60, kSecond)});
  REQUIRE(telemetry.on_metrics("sim", "a", {gauge(1, "fan"), gauge(9, "power")}));
  const DeviceSeries* a = telemetry.find("a");
  CHECK(a->reading(*a->find("power", ""), kSecond).value == 50);
  CHECK(telemetry.history("a", "power")->seconds.size() == 1);
  CHECK(a->reading(*a->find("fan", ""), kSecond).status == SampleStatus::kUnknown);
  CHECK(telemetry.history("a", "fan")->seconds.empty());
  CHECK_FALSE(a->find("temperature", ""));
}

TEST_CASE("an unknown device's series are unknown, and say so to whoever sends them on") {
  ManualClock clock;
  Telemetry telemetry(clock, rules_of_1s());
  REQUIRE(telemetry.on_metrics("sim", "a", {gauge(4, "power"), gauge(6, "fan")}));
  telemetry.on_samples("a", std::vector{ok(4, 50, clock.boottime_ns())});
  const auto samples = telemetry.on_device_unknown("a");
  REQUIRE(samples.size() == 2);
  CHECK(samples[1].metric == 6);
  CHECK(samples[1].status == SampleStatus::kUnknown);
  CHECK(telemetry.find("a")->reading(0, clock.boottime_ns()).status == SampleStatus::kUnknown);
  CHECK(telemetry.on_device_unknown("z").empty());
}

TEST_CASE("a device with too many metrics keeps the first ones and says so") {
  ManualClock clock;
  Telemetry telemetry(clock, rules_of_1s());
  std::vector<MetricInfo> many;
  for (uint32_t id = 0; id < Telemetry::kSeriesPerDeviceMax + 1; ++id) {
    many.push_back(gauge(id, "m" + std::to_string(id)));
  }
  CHECK(telemetry.on_metrics("sim", "a", many).error().code == Errc::kInvalid);
  CHECK(telemetry.counts().series == Telemetry::kSeriesPerDeviceMax);
}

TEST_CASE("the device's energy follows its standard metrics") {
  ManualClock clock;
  Telemetry telemetry(clock, rules_of_1s());
  MetricInfo part = gauge(2, "power", Unit::kWatt);
  part.label = "core";
  part.label_value = "0";
  REQUIRE(telemetry.on_metrics("sim", "a", {gauge(1, "power", Unit::kWatt), part}));
  REQUIRE(telemetry.on_metrics("sim", "b", {counter(1, "energy", Unit::kJoule)}));
  for (uint64_t s = 1; s <= 3; ++s) {
    telemetry.on_samples("a", std::vector{ok(1, 100, s * kSecond), ok(2, 40, s * kSecond)});
    telemetry.on_samples("b", std::vector{ok(1, 70.0 * static_cast<double>(s), s * kSecond)});
  }
  CHECK(telemetry.find("a")->energy().joules == doctest::Approx(200));
  CHECK(telemetry.find("b")->energy().joules == doctest::Approx(140));
  CHECK(name_of(telemetry.find("b")->energy().source) == "counter");
}

namespace {

// Decodes what the batcher hands on.
struct Lane4 {
  ManualClock clock;
  bool full = false;
  std::vector<wire::Record> records;
  Batcher batcher{clock, [this](std::string bytes) -> Result<void> {
                    if (full) return Error{Errc::kBackpressure, "full"};
                    auto record = wire::decode_record(bytes);
                    if (!record) return record.error();
                    records.push_back(*std::move(record));
                    return {};
                  }};
  std::string names() {
    std::string out;
    for (const wire::Record& record : records) {
      out += (out.empty() ? "" : " ") + std::string(wire::name_of(record));
    }
    return out;
  }
  const wire::Telemetry& last() { return std::get<wire::Telemetry>(records.back()); }
};

}  // namespace

TEST_CASE("the table goes first, the first samples at once, the rest together at the next tick") {
  Lane4 lane;
  lane.batcher.on_metrics("sim", "a", {gauge(5, "power"), gauge(2, "fan")});
  lane.batcher.on_samples("a", std::vector{ok(2, 20, 1), ok(5, 50, 1)});
  CHECK(lane.names() == "metric_table telemetry");
  CHECK(lane.last().samples == std::vector<wire::Sample>{{1, 0, 20, 1}, {0, 0, 50, 1}});
  CHECK(std::get<wire::MetricTable>(lane.records[0]).device_key == "a");
  CHECK(std::get<wire::MetricTable>(lane.records[0]).table_id == lane.last().table_id);
  lane.batcher.on_samples("a", std::vector{ok(2, 21, 2)});
  lane.batcher.on_samples("a", std::vector<Sample>{{2, SampleStatus::kError, 9, 3}});
  CHECK(lane.records.size() == 2);
  lane.batcher.tick();
  CHECK(lane.names() == "metric_table telemetry telemetry");
  CHECK(lane.last().samples == std::vector<wire::Sample>{{1, 0, 21, 2}, {1, 4, 0, 3}});
  lane.batcher.tick();
  CHECK(lane.records.size() == 3);
  CHECK(lane.batcher.counts().samples == 4);
}

TEST_CASE("tables are declared again after a change, a new epoch and ten minutes") {
  Lane4 lane;
  const auto read = [&](uint32_t id) {
    lane.batcher.on_samples("a", std::vector{ok(id, 1, lane.clock.boottime_ns())});
    lane.batcher.flush();
    const std::string names = lane.names();
    lane.records.clear();
    return names;
  };
  lane.batcher.on_metrics("sim", "a", {gauge(1, "power")});
  CHECK(read(1) == "metric_table telemetry");
  CHECK(read(1) == "telemetry");
  lane.batcher.on_metrics("sim", "a", {gauge(9, "power")});  // the same table under new ids
  CHECK(read(9) == "telemetry");
  lane.batcher.on_metrics("sim", "a", {gauge(9, "power"), gauge(10, "fan")});
  CHECK(read(9) == "metric_table telemetry");
  lane.batcher.redeclare();
  CHECK(read(9) == "metric_table telemetry");
  lane.clock.advance_ns(Batcher::kRedeclareNs - 1);
  CHECK(read(9) == "telemetry");
  lane.clock.advance_ns(1);
  CHECK(read(9) == "metric_table telemetry");
}

TEST_CASE("what the outbox does not take is counted as dropped, and the table stays due") {
  Lane4 lane;
  lane.full = true;
  lane.batcher.on_metrics("sim", "a", {gauge(1, "power")});
  lane.batcher.on_samples("a", std::vector{ok(1, 1, 1), ok(77, 1, 1)});
  lane.batcher.on_samples("nobody", std::vector{ok(1, 1, 1)});
  CHECK(lane.batcher.counts().dropped == 3);
  lane.full = false;
  lane.batcher.on_samples("a", std::vector{ok(1, 2, 2)});
  CHECK(lane.names() == "metric_table telemetry");
  CHECK(lane.last().samples.size() == 1);
}

TEST_CASE("a record is sent early when it is full, and before its device is removed") {
  Lane4 lane;
  lane.batcher.on_metrics("sim", "a", {gauge(1, "power")});
  lane.batcher.on_samples("a", std::vector{ok(1, 1, 1)});
  const std::vector<Sample> many(Batcher::kRecordSamplesMax, ok(1, 1, 2));
  lane.batcher.on_samples("a", many);
  CHECK(lane.last().samples.size() == Batcher::kRecordSamplesMax);
  lane.batcher.on_samples("a", std::vector{ok(1, 5, 3)});
  lane.batcher.remove("a");
  CHECK(lane.last().samples == std::vector<wire::Sample>{{0, 0, 5, 3}});
}

TEST_CASE("the agent knows what it costs itself") {
  const auto cost = read_self_cost();
  REQUIRE(cost);
  CHECK(cost->rss_bytes > 0);
  CHECK(cost->rss_max_bytes >= cost->rss_bytes / 2);
}
