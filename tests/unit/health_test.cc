// SPDX-License-Identifier: Apache-2.0
#include "health/health.hh"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "health/judge.hh"
#include "health/past.hh"

using namespace farmhand;

namespace {

constexpr uint64_t kSecond = CheckTrack::kSecond;

Finding finding_of(std::string check, Verdict verdict, std::string reason = "") {
  Finding finding;
  finding.check = std::move(check);
  finding.verdict = verdict;
  finding.reason = std::move(reason);
  finding.sentence = "it is " + std::string(name_of(verdict));
  return finding;
}

DeviceInfo device_of(std::string key) {
  DeviceInfo info;
  info.key = std::move(key);
  info.plugin = "sim";
  info.vendor = "sim";
  info.model = "one";
  info.pci = "0000:01:00.0";
  return info;
}

// A node whose clock the test moves.
struct Node {
  ManualClock clock;
  Inventory inventory{clock};
  Judge judge;

  explicit Node(int devices = 1, HealthPast past = {}) : judge(clock, inventory, std::move(past)) {
    inventory.on_change([this](const DeviceChange& change) { judge.look_at(change.key); });
    std::vector<DeviceInfo> all;
    for (int i = 0; i < devices; ++i) all.push_back(device_of("npu" + std::to_string(i)));
    inventory.on_devices("sim", all);
    judge.set_rules({});
  }
  void tell(Verdict verdict, std::string reason = "", const std::string& key = "npu0") {
    const Finding finding = finding_of("heat", verdict, std::move(reason));
    judge.take(key, "plugin sim", std::span(&finding, 1));
  }
  void later(uint64_t seconds) {
    clock.advance_ns(seconds * kSecond);
    judge.tick();
  }
  Verdict verdict(const std::string& key = "npu0") { return judge.find(key)->verdict; }
  std::vector<Transition> told() { return judge.take_changes().transitions; }
};

std::filesystem::path scratch() {
  char name[] = "/tmp/farmhand-health-XXXXXX";
  return ::mkdtemp(name);
}

}  // namespace

TEST_CASE("one bad finding is a spike, two are a verdict, and recovery has to last") {
  Node node;
  node.tell(Verdict::kOk);
  CHECK(node.verdict() == Verdict::kOk);
  CHECK(node.told().empty());
  node.later(10);
  node.tell(Verdict::kFail, "temperature.high");
  CHECK(node.verdict() == Verdict::kOk);
  node.later(10);
  node.tell(Verdict::kOk);
  node.later(10);
  node.tell(Verdict::kFail, "temperature.high");
  node.later(10);
  node.tell(Verdict::kFail, "temperature.high");
  CHECK(node.verdict() == Verdict::kFail);
  const auto told = node.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].from == Verdict::kOk);
  CHECK(told[0].to == Verdict::kFail);
  CHECK(told[0].action == "Check fans, air flow and dust.");
  node.tell(Verdict::kOk);
  node.later(10);
  node.tell(Verdict::kOk);
  CHECK(node.verdict() == Verdict::kFail);
  node.later(25);
  node.tell(Verdict::kOk);
  CHECK(node.verdict() == Verdict::kOk);
}

TEST_CASE("what allows no doubt counts at once") {
  Node node;
  node.tell(Verdict::kOk);
  node.tell(Verdict::kFail, "compute.wrong");
  CHECK(node.verdict() == Verdict::kFail);
}

TEST_CASE("a flapping sensor makes one change with a count, and one more when it is calm") {
  Node node;
  node.tell(Verdict::kOk);
  for (int i = 0; i < 1000; ++i) {
    node.later(1);
    node.tell(i % 2 == 0 ? Verdict::kFail : Verdict::kOk, i % 2 == 0 ? "temperature.high" : "");
  }
  auto told = node.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].count > 1);
  CHECK(node.verdict() == Verdict::kFail);
  for (int i = 0; i < 40; ++i) {
    node.later(10);
    node.tell(Verdict::kOk);
  }
  told = node.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].to == Verdict::kOk);
  CHECK(told[0].count > 900);
  CHECK(node.verdict() == Verdict::kOk);
}

TEST_CASE("a check that is no longer told is unknown, and so is the device") {
  Node node;
  node.tell(Verdict::kOk);
  for (int i = 0; i < 2; ++i) {
    node.later(10);
    node.judge.take("npu0", "plugin sim", {});
  }
  CHECK(node.verdict() == Verdict::kUnknown);
}

TEST_CASE("a hung device is unknown at once, a missing one fails at once, siblings stay well") {
  Node node(2);
  node.tell(Verdict::kOk);
  node.inventory.on_device_unknown("npu0", "a call did not return");
  CHECK(node.verdict("npu0") == Verdict::kUnknown);
  CHECK(node.judge.find("npu0")->deciding()->reason == "device.hung");
  node.inventory.on_devices("sim", {device_of("npu0")});
  CHECK(node.verdict("npu1") == Verdict::kFail);
  CHECK(node.judge.find("npu1")->deciding()->reason == "device.missing");
}

TEST_CASE("quarantine covers a stated share of the devices, and ends when one was well") {
  Node node(8);
  node.judge.set_rules(
      {.quarantine_max_percent = 25, .reentry_ok_for_ns = 60 * kSecond, .expected = {}});
  for (int i = 0; i < 8; ++i) {
    const std::string key = "npu" + std::to_string(i);
    node.tell(Verdict::kOk, "", key);
    node.tell(Verdict::kFail, "compute.wrong", key);
  }
  for (int i = 0; i < 20; ++i) {
    node.later(10);
    (void)node.judge.consider_holds();
  }
  CHECK(node.judge.holds().all().size() == 2);
  CHECK(node.judge.find("npu7")->note.find("2 of 8") != std::string::npos);
  node.tell(Verdict::kOk);
  node.later(40);
  node.tell(Verdict::kOk);
  CHECK(node.verdict() == Verdict::kOk);
  (void)node.judge.consider_holds();
  CHECK(node.judge.holds().find("npu0") != nullptr);
  node.later(61);
  (void)node.judge.consider_holds();
  CHECK(node.judge.holds().find("npu0") == nullptr);
}

TEST_CASE("an event stands for a while and is then over") {
  Node node;
  node.judge.on_event("sim", {.device_key = "npu0",
                              .severity = 2,
                              .vendor_code = 0,
                              .lost = 0,
                              .reason = "link.errors",
                              .sentence = "errors",
                              .evidence = {},
                              .boottime_ns = 0});
  CHECK(node.verdict() == Verdict::kWarn);
  node.later(601);
  CHECK(node.verdict() == Verdict::kOk);
}

TEST_CASE("declared devices that are missing fail the node") {
  Node node(7);
  node.judge.set_rules({.quarantine_max_percent = 25,
                        .reentry_ok_for_ns = 300 * kSecond,
                        .expected = std::vector<std::string>{"Sim/One:8"}});
  node.later(121);
  REQUIRE(node.judge.find(""));
  CHECK(node.verdict("") == Verdict::kFail);
  CHECK_FALSE(ExpectedModel::parse("furiosa"));
  CHECK_FALSE(ExpectedModel::parse("furiosa/rngd:0"));
}

TEST_CASE("verdicts and holds survive a restart without new transitions, owed ones come again") {
  const auto dir = scratch();
  const std::string path = dir / "state.db";
  Uuid uuid;
  {
    auto state = StateFile::open(path, {health_module()});
    REQUIRE_MESSAGE(state, (state ? "" : state.error().message));
    Node node;
    node.tell(Verdict::kOk);
    node.tell(Verdict::kFail, "compute.wrong");
    node.judge.hold("npu0", HoldKind::kCordoned, "new fan", "ann");
    const HealthChanges changes = node.judge.take_changes();
    uuid = changes.transitions.at(0).uuid;
    REQUIRE(save_changes(*state, changes));
    const auto history = find_history(*state, {});
    REQUIRE(history);
    CHECK(history->size() == 1);
  }
  auto state = StateFile::open(path, {health_module()});
  REQUIRE(state);
  auto past = load_past(*state, 0);
  REQUIRE(past);
  REQUIRE(past->unreported.size() == 1);
  CHECK(past->unreported[0].uuid == uuid);
  REQUIRE(mark_reported(*state, uuid));
  Node node(1, *past);
  CHECK(node.verdict() == Verdict::kFail);
  CHECK(node.judge.holds().find("npu0")->who == "ann");
  node.tell(Verdict::kFail, "compute.wrong");
  CHECK(node.told().empty());
  auto again = load_past(*state, 0);
  REQUIRE(again);
  CHECK(again->unreported.empty());
  std::filesystem::remove_all(dir);
}
