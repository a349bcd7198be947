// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>

#include "device/inventory.hh"

using namespace farmhand;

namespace {

DeviceInfo card(std::string key, int32_t index = 0) {
  DeviceInfo info;
  info.key = std::move(key);
  info.vendor = "furiosa";
  info.model = "RNGD";
  info.index = index;
  return info;
}

// An inventory whose changes are noted.
struct Noted {
  ManualClock clock;
  Inventory inventory{clock};
  std::vector<DeviceChange> changes;
  Noted() {
    inventory.on_change([this](const DeviceChange& change) { changes.push_back(change); });
  }
  std::string kinds() {
    std::string out;
    for (const DeviceChange& change : changes) {
      out += (out.empty() ? "" : " ") + std::string(name_of(change.kind)) + ':' + change.key;
    }
    changes.clear();
    return out;
  }
};

}  // namespace

TEST_CASE("a device that is no longer reported is missing, not gone, and returns") {
  Noted n;
  n.inventory.on_devices("furiosa", {card("a"), card("b", 1)});
  CHECK(n.kinds() == "appeared:a appeared:b");
  n.clock.advance_ns(5);
  n.inventory.on_devices("furiosa", {card("b", 1)});
  CHECK(n.kinds() == "missing:a");
  const Device* a = n.inventory.find("a");
  REQUIRE(a != nullptr);
  CHECK(a->presence == Presence::kMissing);
  CHECK(a->reason == "plugin 'furiosa' no longer reports it");
  CHECK(a->since_ns == n.clock.boottime_ns());
  CHECK(a->last_seen_ns < a->since_ns);
  n.inventory.on_devices("furiosa", {card("b", 1)});
  CHECK(n.kinds().empty());
  n.inventory.on_devices("furiosa", {card("a"), card("b", 1)});
  CHECK(n.kinds() == "returned:a");
  CHECK(a->presence == Presence::kManaged);
}

TEST_CASE("an unknown device keeps its reason until it can be read again") {
  Noted n;
  n.inventory.on_devices("sim", {card("a")});
  n.inventory.on_device_unknown("a", "the call did not return");
  n.inventory.on_device_unknown("a", "the call did not return");
  CHECK(n.kinds() == "appeared:a unknown:a");
  n.inventory.on_devices("sim", {card("a")});  // listed is not readable
  CHECK(n.inventory.find("a")->presence == Presence::kUnknown);
  CHECK(n.inventory.find("a")->reason == "the call did not return");
  n.inventory.on_device_unknown("a", "it hung again");
  CHECK(n.kinds() == "unknown:a");
  n.inventory.on_device_back("a");
  CHECK(n.kinds() == "back:a");
  CHECK(n.inventory.find("a")->presence == Presence::kManaged);
  CHECK(n.inventory.find("a")->reason.empty());
}

TEST_CASE("the first plugin keeps a key that a second one reports, and the conflict is told once") {
  Noted n;
  n.inventory.on_devices("accel", {card("a")});
  n.inventory.on_devices("furiosa", {card("a"), card("b")});
  CHECK(n.kinds() == "appeared:a conflict:a appeared:b");
  CHECK(n.inventory.owns("accel", "a"));
  REQUIRE(n.inventory.conflicts().size() == 1);
  CHECK(n.inventory.conflicts()[0].refused == "furiosa");
  n.inventory.on_devices("furiosa", {card("a"), card("b")});
  CHECK(n.kinds().empty());
  n.inventory.on_devices("furiosa", {card("b")});
  CHECK(n.inventory.conflicts().empty());
  CHECK(n.inventory.find("a")->presence == Presence::kManaged);
}

TEST_CASE("a missing device may come back by another plugin") {
  Noted n;
  n.inventory.on_devices("accel", {card("a")});
  n.inventory.on_devices("accel", {});
  n.inventory.on_devices("furiosa", {card("a")});
  CHECK(n.inventory.owns("furiosa", "a"));
  CHECK(n.inventory.conflicts().empty());
  CHECK(n.kinds() == "appeared:a missing:a identity:a returned:a");
}

TEST_CASE("renumbering is noticed and the device stays the same") {
  Noted n;
  n.inventory.on_devices("sim", {card("a", 0), card("b", 1)});
  n.kinds();
  n.inventory.on_devices("sim", {card("a", 1), card("b", 0)});
  CHECK(n.kinds() == "renumbered:a renumbered:b");
  CHECK(n.inventory.find("a")->info.index == 1);
}

TEST_CASE("a new firmware and a lost driver are two different changes") {
  Noted n;
  n.inventory.on_devices("sim", {card("a")});
  DeviceInfo changed = card("a");
  changed.firmware = "2.0";
  n.inventory.on_devices("sim", {changed});
  CHECK(n.kinds() == "appeared:a identity:a");
  changed.state = DeviceState::kUnmanaged;
  changed.note = "the driver is not loaded";
  n.inventory.on_devices("sim", {changed});
  CHECK(n.kinds() == "state:a");
  CHECK(n.inventory.find("a")->presence == Presence::kUnmanaged);
  CHECK(n.inventory.find("a")->reason == "the driver is not loaded");
  changed.note = "the driver is too old";
  n.inventory.on_devices("sim", {changed});
  CHECK(n.kinds() == "state:a");
}

TEST_CASE("a plugin that is gone leaves its devices unknown and others' alone") {
  Noted n;
  n.inventory.on_devices("sim", {card("a")});
  n.inventory.on_devices("host", {card("node")});
  n.kinds();
  n.inventory.on_plugin_gone("sim", "plugin 'sim' is not enabled");
  CHECK(n.kinds() == "unknown:a");
  CHECK(n.inventory.find("node")->presence == Presence::kManaged);
}

TEST_CASE("a device of an earlier life is missing until reported, and leaves only on request") {
  Noted n;
  DeviceInfo expected = card("a");
  expected.plugin = "sim";
  n.inventory.expect(expected);
  CHECK(n.inventory.find("a")->presence == Presence::kMissing);
  CHECK(n.inventory.find("a")->first_seen_ns == 0);
  n.inventory.on_device_unknown("a", "x");  // nobody reported it: missing is the better word
  CHECK(n.inventory.find("a")->presence == Presence::kMissing);
  n.inventory.on_devices("sim", {card("a")});
  CHECK(n.kinds() == "returned:a");
  const uint64_t generation = n.inventory.generation();
  CHECK(n.inventory.forget("a"));
  CHECK_FALSE(n.inventory.forget("a"));
  CHECK(n.inventory.generation() > generation);
  CHECK(n.inventory.devices().empty());
}
