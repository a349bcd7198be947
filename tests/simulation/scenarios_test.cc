// SPDX-License-Identifier: Apache-2.0
// One trouble each, and what was promised about it.
#include <doctest.h>

#include "base/file.hh"
#include "coordinator/apply.hh"
#include "farm.hh"
#include "sync/convert.hh"

using namespace farmhand;
using namespace farmhand::simulation;

namespace {

constexpr uint64_t kMinute = 60 * kSecond;

// A record of each lane now and then; the same ones at the same times whatever else happens.
class Producer {
 public:
  explicit Producer(Farm& farm, uint64_t seed = 5) : farm_(farm), random_(seed) {}

  void run_for(uint64_t ns) {
    const uint64_t end_ns = now_ns(farm_.loop) + ns;
    while (now_ns(farm_.loop) < end_ns) {
      farm_.node->produce(static_cast<Lane>(random_.below(kLaneCount)), random_.below(200));
      farm_.run_for((end_ns - now_ns(farm_.loop)) < every_ns ? end_ns - now_ns(farm_.loop)
                                                             : every_ns);
    }
  }
  uint64_t every_ns = 10 * kSecond;

 private:
  Farm& farm_;
  Random random_;
};

void check_promises(Farm& farm) {
  CHECK(farm.heal_and_drain());
  for (const std::string& finding : farm.findings()) FAIL_CHECK(finding);
}

// Seven hours of a life in which `at_hour` is called at the beginning of each.
std::string seven_hours(const std::function<void(Farm&, int hour)>& at_hour) {
  Farm farm(11);
  Producer producer(farm);
  for (int hour = 0; hour < 7; ++hour) {
    at_hour(farm, hour);
    producer.run_for(kHour);
  }
  check_promises(farm);
  return farm.state();
}

const std::string& undisturbed() {
  static const std::string state = seven_hours([](Farm&, int) {});
  return state;
}

size_t gaps(Farm& farm, GapReason reason) {
  const auto report = farm.coordinator->verify();
  REQUIRE(report.ok());
  size_t count = 0;
  for (const auto& lane : report->lanes)
    for (const auto& gap : lane.gaps)
      if (static_cast<int>(gap.reason) == static_cast<int>(reason)) count += gap.to - gap.from + 1;
  return count;
}

size_t epochs(Farm& farm) {
  const auto report = farm.coordinator->verify();
  REQUIRE(report.ok());
  std::set<uint64_t> counters;
  for (const auto& lane : report->lanes) counters.insert(lane.epoch.counter);
  return counters.size();
}

}  // namespace

TEST_CASE("two lives of the same seed end in the same state") {
  const std::string again = seven_hours([](Farm&, int) {});
  CHECK(hash_of_state(again) == hash_of_state(undisturbed()));
  CHECK(again.size() > 10'000);
}

TEST_CASE(
    "a coordinator restored from a six hours old backup ends equal to one that never failed") {
  std::string backup;
  const std::string state = seven_hours([&](Farm& farm, int hour) {
    if (hour == 0) backup = farm.coordinator->backup();
    if (hour != 6) return;
    farm.coordinator->shut();
    farm.coordinator->restore(backup);
    farm.coordinator->start();
  });
  CHECK(hash_of_state(state) == hash_of_state(undisturbed()));
}

TEST_CASE("a coordinator that lost five minutes it had acknowledged asks for them again") {
  std::string backup;
  Farm farm(12);
  Producer producer(farm);
  producer.every_ns = kSecond;
  producer.run_for(10 * kMinute);
  backup = farm.coordinator->backup();
  producer.run_for(5 * kMinute);
  farm.coordinator->shut();
  farm.coordinator->restore(backup);
  farm.coordinator->start();
  producer.run_for(kMinute);
  check_promises(farm);
  CHECK(gaps(farm, GapReason::kTailExpired) == 0);
}

TEST_CASE("wall clocks that jump ten years, either way and on either side, change nothing") {
  const std::string state = seven_hours([](Farm& farm, int hour) {
    if (hour == 1) farm.coordinator->clock.jump_wall(kTenYears);
    if (hour == 2) farm.node->clock.jump_wall(-kTenYears);
    if (hour == 3) farm.coordinator->clock.jump_wall(-2 * kTenYears);
    if (hour == 4) farm.node->clock.jump_wall(2 * kTenYears);
    if (hour == 5) farm.node->clock.jump_wall(-1'000'000'000);  // a leap second
  });
  CHECK(hash_of_state(state) == hash_of_state(undisturbed()));
}

TEST_CASE("a wall clock that steps back during a retry does not delay the next one") {
  Farm farm(13);
  Producer producer(farm);
  farm.network.refuses = true;
  farm.network.cut_all();
  producer.run_for(10 * kMinute);
  REQUIRE(farm.node->uplink().state == UplinkState::kWaiting);
  farm.node->clock.jump_wall(-kTenYears);
  farm.network.refuses = false;
  CHECK(farm.run_until([&] { return farm.node->uplink().state == UplinkState::kLive; },
                       61 * kSecond));
  check_promises(farm);
}

TEST_CASE("what was delivered days ago has no effect when it comes again, in any order") {
  Farm farm(14);
  Producer producer(farm);
  producer.every_ns = kMinute;
  std::vector<wire::Segments> batches;
  farm.network.on_sent = [&](const std::string&, const std::string& message) {
    auto decoded = wire::decode_node_message(message);
    if (auto* batch = decoded ? std::get_if<wire::Segments>(&*decoded) : nullptr)
      batches.push_back(*batch);
  };
  farm.network.faults.duplicate = 0.5;
  producer.run_for(72 * kHour);
  check_promises(farm);
  const std::string before = farm.state();
  REQUIRE(batches.size() > 1000);
  {
    auto store = coordinator::Store::open(farm.coordinator->store_path());
    REQUIRE(store.ok());
    for (size_t i = 0; i < 2 * batches.size(); ++i) {
      wire::Segments batch = batches[farm.random.below(batches.size())];
      auto applied = coordinator::apply(**store, 1, batch, 0);
      REQUIRE(applied.ok());
      CHECK(applied->records == 0);
      CHECK(applied->refusal.empty());
    }
  }
  CHECK(hash_of_state(farm.state()) == hash_of_state(before));
}

TEST_CASE("a disk that went back and produced past its old end begins a new epoch, nothing lost") {
  Farm farm(15);
  Producer producer(farm);
  producer.every_ns = kSecond;
  producer.run_for(kMinute);
  const auto safe = farm.model.safe_on_disk(now_ns(farm.loop));
  const std::string copy = farm.node->copy_disk();
  producer.run_for(5 * kMinute);
  for (int time = 0; time < 2; ++time) {  // and again to the same copy
    farm.network.up = false;
    farm.node->crash();
    farm.model.disk_went_back(safe);
    farm.node->put_disk(copy);
    farm.node->start();
    producer.run_for(7 * kMinute);
    farm.network.up = true;
    CHECK(farm.run_until([&] { return farm.node->drained(); }, kHour));
  }
  check_promises(farm);
  CHECK(epochs(farm) == 3);
}

TEST_CASE("of a node and its clone one speaks; enrolled anew, the other loses nothing either") {
  Farm farm(16);
  Producer producer(farm);
  producer.every_ns = kSecond;
  producer.run_for(kMinute);
  farm.model.disk_went_back(farm.model.next_id());  // rows may come from either
  Model twin_log = farm.model;
  auto twin = farm.clone(twin_log);
  twin->start();
  producer.run_for(kMinute);
  CHECK(twin->uplink().last_error.find("duplicate_node") != std::string::npos);
  CHECK(farm.node->uplink().state == UplinkState::kLive);
  for (int i = 0; i < 50; ++i) {
    twin->produce(Lane::kHealth);
    farm.run_for(kSecond);
  }
  CHECK(farm.run_until([&] { return farm.node->drained(); }, kHour));
  farm.node->stop();
  producer.every_ns = kHour;
  farm.run_for(10 * kMinute);  // also when the first is away
  CHECK(twin->uplink().state == UplinkState::kRefused);
  farm.enroll_anew();
  CHECK(farm.run_until([&] { return twin->drained(); }, kHour));
  twin->stop();
  for (const std::string& finding : farm.findings(&twin_log)) FAIL_CHECK(finding);
  CHECK(epochs(farm) == 2);
}

TEST_CASE("a record that nobody can read becomes a gap after five refusals, and its lane goes on") {
  Farm farm(17);
  farm.model.allow(GapReason::kPoison);
  for (const Lane lane : {Lane::kResults, Lane::kHealth, Lane::kInventory, Lane::kTelemetry}) {
    farm.node->produce(lane);
    farm.run_for(kSecond);
    farm.node->produce_poison(lane);
    for (int i = 0; i < 20; ++i) farm.node->produce(lane);
    farm.run_for(2 * kSecond);
  }
  const uint64_t began_ns = now_ns(farm.loop);
  CHECK(farm.run_until([&] { return farm.node->drained(); }, kMinute));
  CHECK(now_ns(farm.loop) - began_ns < kMinute);
  CHECK(farm.node->uplink().nacks == 4 * kNacksToPoison);
  const auto evidence = read_file(farm.node->file("queue.refused"));
  REQUIRE(evidence.ok());
  size_t kept = 0;
  for (size_t at = 0; (at = evidence->find("poison", at)) != std::string::npos; ++at) ++kept;
  CHECK(kept == 4);
  check_promises(farm);
  CHECK(gaps(farm, GapReason::kPoison) == 4);
}

TEST_CASE("acknowledgements for what was never applied cost nothing while the tail is there") {
  Farm farm(18);
  Producer producer(farm);
  producer.every_ns = kSecond;
  farm.network.faults.early_ack = 0.5;
  farm.network.faults.drop = 0.2;
  producer.run_for(30 * kMinute);
  CHECK(farm.network.counts().early_acks > 100);
  check_promises(farm);
  CHECK(gaps(farm, GapReason::kTailExpired) == 0);
}

TEST_CASE("a network that drops, doubles, reorders and truncates delivers every record once") {
  Farm farm(19);
  Producer producer(farm);
  producer.every_ns = kSecond;
  Faults& f = farm.network.faults;
  f.drop = f.duplicate = f.reorder = f.truncate = f.wrong_ack = f.stale_ack = 0.05;
  f.false_nack = 0.02;
  producer.run_for(2 * kHour);
  const auto& counts = farm.network.counts();
  for (const uint64_t count : {counts.dropped, counts.duplicated, counts.reordered,
                               counts.truncated, counts.wrong_acks, counts.stale_acks})
    CHECK(count > 20);
  check_promises(farm);
}

TEST_CASE("hours without a link and a full lane drop the oldest telemetry and say so") {
  Farm farm(20);
  for (const GapReason reason : {GapReason::kQuota, GapReason::kDownsample})
    farm.model.allow(reason);
  farm.network.up = false;
  for (int i = 0; i < 450; ++i) {
    farm.node->produce(Lane::kTelemetry, 120'000);
    farm.node->produce(Lane::kHealth);
    farm.run_for(20 * kSecond);
  }
  CHECK(farm.node->outbox().stats().lanes[4].gap_records > 30);
  check_promises(farm);
  CHECK(gaps(farm, GapReason::kDownsample) > 30);
}
