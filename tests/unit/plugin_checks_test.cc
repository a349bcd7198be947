// SPDX-License-Identifier: Apache-2.0
// What a plugin finds and what it tells unasked, from real plugins through the real host.
#include "plugin_fixture.hh"

using namespace farmhand;

namespace {

const Interfaces kJudging = {"farmhand.devices/1", "farmhand.telemetry/1", "farmhand.health/1",
                             "farmhand.events/1"};
const Interfaces kAll = {"farmhand.devices/1", "farmhand.telemetry/1", "farmhand.health/1",
                         "farmhand.events/1",  "farmhand.jobenv/1",    "farmhand.diag/1",
                         "farmhand.reset/1",   "farmhand.slice/1"};

PluginSettings with_deadline(uint64_t ms) {
  PluginSettings settings;
  settings.deadline_ms = ms;
  return settings;
}

}  // namespace

TEST_CASE("a device's checks and the driver's are told with what they rest on") {
  Stage stage("judges", {}, kJudging);
  stage.start();
  REQUIRE(stage.until_both_are_read());
  CHECK(stage.supervisor().has_checks("bad"));
  REQUIRE(stage.supervisor().check("bad", "a"));
  REQUIRE(stage.supervisor().check("bad", "a"));  // merged
  REQUIRE(stage.supervisor().check("bad", ""));
  REQUIRE(stage.until([&] { return stage.heard.answers["a"] + stage.heard.answers[""] == 2; }));
  const auto& found = stage.heard.findings["a"];
  REQUIRE(found.size() == 2);
  CHECK(found[0].check == "link");
  CHECK(found[0].verdict == Verdict::kWarn);
  CHECK(found[0].reason == "link.degraded");
  CHECK(found[0].sentence == "the link runs at x8");
  REQUIRE(found[0].evidence.size() == 1);
  CHECK(found[0].evidence[0].name == "link.width");
  CHECK(found[0].evidence[0].value == 8);
  CHECK(found[0].evidence[0].least == 16);
  CHECK_FALSE(found[0].evidence[0].most);
  CHECK(found[0].boottime_ns > 0);
  CHECK(found[1].verdict == Verdict::kOk);
  REQUIRE(stage.heard.findings[""].size() == 1);
  CHECK(stage.heard.findings[""][0].check == "driver");
  CHECK(contains(stage.status().last_error, "a verdict that is not ok and has no reason"));
}

TEST_CASE("an event is told with its device, and telemetry goes on beside the waiting") {
  Stage stage("judges", {}, kJudging);
  stage.start();
  REQUIRE(stage.until([&] { return !stage.heard.events.empty(); }));
  const PluginEvent& event = stage.heard.events[0];
  CHECK(event.device_key == "a");
  CHECK(event.reason == "device.lost");
  CHECK(event.vendor_code == 79);
  CHECK(event.severity == 3);
  REQUIRE(stage.until_both_are_read());
  CHECK(stage.heard.events.size() == 1);
}

TEST_CASE("a check that hangs costs its device, whose sibling is read and checked on") {
  Stage stage("judges", with_deadline(150), kJudging);
  stage.start();
  REQUIRE(stage.until_both_are_read());
  stage.set_fault(true);
  REQUIRE(stage.supervisor().check("bad", "a"));
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  CHECK(contains(stage.device("a").unknown, "'check' call for a did not return"));
  CHECK(contains(stage.heard.check_failed["a"], "did not return"));
  REQUIRE(stage.until(
      [&, before = stage.device("b").count] { return stage.device("b").count > before + 2; }));
  CHECK(stage.device("b").unknown.empty());
  REQUIRE(stage.supervisor().check("bad", "b"));
  REQUIRE(stage.until([&] { return stage.heard.answers["b"] == 1; }));
  // It is not back as long as its check hangs, though it can be read.
  stage.run_for(1'000);
  CHECK(stage.device("a").times_back == 0);
  stage.set_fault(false);
  CHECK(stage.until([&] { return stage.device("a").unknown.empty(); }));
}

TEST_CASE("a check that crashes costs its device; the one of driver and library, none") {
  Stage stage("crash_check", {}, kAll);
  stage.start();
  REQUIRE(stage.until_both_are_read());
  REQUIRE(stage.supervisor().check("bad", "a"));
  REQUIRE(stage.until([&] { return !stage.device("a").unknown.empty(); }));
  CHECK(contains(stage.device("a").unknown, "'check' call for a crashed"));
  REQUIRE(stage.until(
      [&, before = stage.device("b").count] { return stage.device("b").count > before + 2; }));
  CHECK(stage.device("b").times_unknown == 0);
}

TEST_CASE("a check of driver and library that hangs leaves the devices readable, and waits") {
  Stage stage("hang_check", {}, kAll);
  stage.start();
  REQUIRE(stage.until_both_are_read());
  REQUIRE(stage.supervisor().check("bad", ""));
  REQUIRE(stage.until([&] { return stage.heard.answers[""] == 1; }));
  CHECK(contains(stage.heard.check_failed[""], "'check' call did not return"));
  CHECK_FALSE(stage.supervisor().check("bad", ""));
  REQUIRE(stage.until_both_are_read());
  CHECK(stage.device("a").times_unknown == 0);
  CHECK(stage.device("b").times_unknown == 0);
}

TEST_CASE("a storm of events is cut and told, and nobody is read less for it") {
  Stage stage("event_flood", {},
              {"farmhand.devices/1", "farmhand.telemetry/1", "farmhand.events/1"});
  stage.start();
  REQUIRE(stage.until([&] { return stage.heard.events.size() == 1'000; }));
  REQUIRE(stage.until_both_are_read());
  CHECK(stage.until([&] { return contains(stage.status().last_error, "more than 1000 events"); }));
  CHECK(stage.heard.events.size() == 1'000);
}

TEST_CASE("a wait that never returns is told, and costs nobody a reading") {
  Stage stage("hang_wait", {}, kAll);
  stage.start();
  CHECK(stage.until([&] { return contains(stage.status().last_error, "'wait' call"); }));
  REQUIRE(stage.until_both_are_read());
  CHECK(stage.device("a").times_unknown == 0);
}

TEST_CASE("a plugin without checks says so") {
  Stage stage("good");
  stage.start();
  REQUIRE(stage.until_both_are_read());
  CHECK_FALSE(stage.supervisor().has_checks("bad"));
  const auto asked = stage.supervisor().check("bad", "a");
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == Errc::kUnsupported);
}
