// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>

#include <farmhand/watch.hh>

#include "fake_host.hh"
#include "fake_tree.hh"

namespace {

constexpr const char* kMatch = "1d0f:7064=aws/Trainium";
const std::string kCard = "sys/bus/pci/devices/0000:10:00.0/";

// The plugin over a tree, enumerated, everything declared and sampled of the first device.
struct Machine {
  explicit Machine(const std::string& devices) : tree(devices) {
    REQUIRE(host.open({{"root", tree.root()}, {"match", kMatch}}) == FH_OK);
    REQUIRE(host.enumerate() == FH_OK);
    if (host.devices.empty()) return;
    REQUIRE(host.declare(0) == FH_OK);
    REQUIRE(host.sample_all(0) == FH_OK);
  }
  int32_t status(const std::string& name, const std::string& label = {}) const {
    return host.reading(name, label).status;
  }
  double value(const std::string& name, const std::string& label = {}) const {
    return status(name, label) == FH_SAMPLE_OK ? host.reading(name, label).value : -1;
  }
  void look_again() {
    REQUIRE(host.sample_all(0) == FH_OK);
    REQUIRE(host.check(0) == FH_OK);
  }
  FakeTree tree;
  FakeHost host;
};

}  // namespace

TEST_CASE("every family is listed with vendor, model and what identifies it") {
  Machine machine("accel/ivpu accel/xdna accel/qaic accel/wormhole accel/generic");
  const auto& devices = machine.host.devices;
  REQUIRE(devices.size() == 5);
  CHECK(devices[0].vendor == "intel");
  CHECK(devices[0].model == "NPU 3720 (Meteor Lake)");
  CHECK(devices[0].key == "0000:10:00.0");
  CHECK(devices[0].note == "named by its slot: the driver shows no serial number");
  CHECK(devices[1].model == "RyzenAI-npu4");
  CHECK(devices[1].firmware == "1.5.5.391");
  CHECK(devices[2].vendor == "qualcomm");
  CHECK(devices[2].key == "42910002");
  CHECK(devices[3].vendor == "tenstorrent");
  CHECK(devices[3].model == "n300");
  CHECK(devices[3].key == "0100018611902003");
  CHECK(devices[3].raw.index == 3);
  CHECK(devices[4].vendor == "aws");
  CHECK(devices[4].model == "Trainium");
  for (const FakeDevice& each : devices) {
    CHECK(each.raw.state == FH_DEVICE_MANAGED);
    CHECK(each.peaks.empty());  // nothing here knows one, so nothing is claimed
    CHECK(each.raw.numa_node == 0);
  }
}

TEST_CASE(
    "no devices is no error, and a machine that shows no bus says that nothing is detectable") {
  Machine none("");
  CHECK(none.host.devices.empty());
  FakeHost nothing;
  REQUIRE(nothing.open({{"root", "/nonexistent"}}) == FH_OK);
  CHECK(nothing.enumerate() == FH_E_UNSUPPORTED);
  CHECK(std::string(nothing.err.text).starts_with("not detectable"));
}

TEST_CASE("a device without its driver is listed as unmanaged and fails its check") {
  for (const char* device : {"accel/ivpu", "accel/qaic", "accel/wormhole", "accel/generic"}) {
    CAPTURE(device);
    Machine machine(std::string(device) + ":unbound");
    REQUIRE(machine.host.devices.size() == 1);
    CHECK(machine.host.devices[0].raw.state == FH_DEVICE_UNMANAGED);
    CHECK(!machine.host.devices[0].note.empty());
    REQUIRE(machine.host.check(0) == FH_OK);
    CHECK(machine.host.verdict("driver") == FH_VERDICT_FAIL);
    CHECK(machine.host.prepare({0}) == FH_E_UNSUPPORTED);
    CHECK(machine.value("link.width") > 0);  // the bus still answers
  }
}

TEST_CASE("a physical function gives way to its virtual functions") {
  CHECK(Machine("accel/generic:virtual").host.devices.empty());
}

TEST_CASE("an excluded device is neither listed nor reachable") {
  const FakeTree tree("accel/ivpu accel/generic");
  FakeHost host;
  REQUIRE(host.open({{"root", tree.root()}, {"match", kMatch}}, {"0000:10:00.0"}) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  REQUIRE(host.devices.size() == 1);
  CHECK(host.devices[0].key == "0000:11:00.0");
}

TEST_CASE("a serial number that two devices share is no identity for the second") {
  Machine machine("accel/wormhole accel/wormhole");
  CHECK(machine.host.devices[0].key != machine.host.devices[1].key);
  machine.tree.write("sys/class/tenstorrent/tenstorrent!1/tt_serial", "0100018611902000\n");
  REQUIRE(machine.host.enumerate() == FH_OK);
  CHECK(machine.host.devices[1].key == "0100018611902000@0000:11:00.0");
  machine.tree.write("sys/class/tenstorrent/tenstorrent!1/tt_serial", "0000000000000000\n");
  REQUIRE(machine.host.enumerate() == FH_OK);
  CHECK(machine.host.devices[1].key == "0000:11:00.0");
}

TEST_CASE("readings come in our units under the standard names") {
  Machine card("accel/generic");
  CHECK(card.value("temperature") == doctest::Approx(51));
  CHECK(card.value("power") == doctest::Approx(61));
  CHECK(card.value("energy") == doctest::Approx(123.456789));
  CHECK(card.value("voltage", "vdd") == doctest::Approx(0.85));
  CHECK(card.value("link.generation") == 5);
  CHECK(card.value("link.width") == 16);
  CHECK(card.value("link.errors.fatal", "upstream") == 0);
  Machine npu("accel/ivpu");
  CHECK(npu.value("memory.used") == 67108864);
  CHECK(npu.value("clock.core") == 1400);
  CHECK(npu.value("busy.time") == 1e9);
  CHECK(npu.host.find_metric("temperature") == nullptr);
  Machine wormhole("accel/wormhole");
  CHECK(wormhole.value("clock.core") == 1000);
  CHECK(wormhole.value("heartbeat") == 12345);
  CHECK(wormhole.value("power") == doctest::Approx(24));
}

TEST_CASE("a sensor's nonsense is an error and its verdict unknown, beside good siblings") {
  for (const char* fault : {"celsius", "garbage"}) {
    CAPTURE(fault);
    Machine machine(std::string("accel/generic:") + fault);
    CHECK(machine.status("temperature") == FH_SAMPLE_ERROR);
    CHECK(machine.status("temperature", "chip") == FH_SAMPLE_ERROR);
    CHECK(machine.value("power") == doctest::Approx(61));
    REQUIRE(machine.host.check(0) == FH_OK);
    CHECK(machine.host.verdict("temperature") == FH_VERDICT_UNKNOWN);
    CHECK(machine.host.verdicts["temperature"].reason == FH_REASON_READING_IMPLAUSIBLE);
    CHECK(machine.host.verdict("link") == FH_VERDICT_OK);
  }
}

TEST_CASE("a sensor that vanishes is not supported, never zero") {
  Machine machine("accel/generic");
  machine.tree.remove(kCard + "hwmon/hwmon0/power1_average");
  machine.look_again();
  CHECK(machine.status("power") == FH_SAMPLE_NOT_SUPPORTED);
}

TEST_CASE("a temperature is held against the sensor's own limits, the worst first") {
  Machine machine("accel/generic:hot");
  machine.look_again();
  CHECK(machine.host.verdict("temperature") == FH_VERDICT_FAIL);
  CHECK(machine.host.verdicts["temperature"].sentence ==
        "chip is at 99.0 °C, its limit is 95.0 °C");
  const std::string chip = kCard + "hwmon/hwmon0/";
  machine.tree.write(chip + "temp1_input", "51000\n");
  machine.tree.write(chip + "temp1_max", "50000\n");
  machine.look_again();
  CHECK(machine.host.verdict("temperature") == FH_VERDICT_WARN);
  machine.tree.write(chip + "temp2_input", "96000\n");
  machine.tree.write(chip + "temp2_crit", "95000\n");
  machine.look_again();
  CHECK(machine.host.verdict("temperature") == FH_VERDICT_FAIL);
}

TEST_CASE("a link below what device and slot can do is degraded; a slow slot is not") {
  Machine narrow("accel/generic:narrow");
  narrow.look_again();
  CHECK(narrow.host.verdict("link") == FH_VERDICT_WARN);
  CHECK(narrow.host.verdicts["link"].sentence == "the link runs at 32 GT/s x4, not 32 GT/s x16");
  Machine slow("accel/generic:slow");
  slow.look_again();
  CHECK(slow.host.verdict("link") == FH_VERDICT_WARN);
  slow.tree.write("sys/bus/pci/devices/0000:00:10.0/max_link_speed", "8.0 GT/s PCIe\n");
  slow.look_again();
  CHECK(slow.host.verdict("link") == FH_VERDICT_OK);
  CHECK(slow.value("link.generation.max") == 3);

  const FakeTree tree("accel/generic:slow");
  FakeHost rests;
  REQUIRE(rests.open({{"root", tree.root()}, {"match", kMatch}, {"link_rests", "yes"}}) == FH_OK);
  REQUIRE(rests.enumerate() == FH_OK);
  REQUIRE(rests.check(0) == FH_OK);
  CHECK(rests.verdict("link") == FH_VERDICT_OK);
}

TEST_CASE("a card that fell off the bus is lost, and its link no number") {
  Machine machine("accel/generic:off_bus");
  CHECK(machine.status("link.width") == FH_SAMPLE_ERROR);
  CHECK(machine.status("link.generation") == FH_SAMPLE_ERROR);
  machine.look_again();
  CHECK(machine.host.verdict("link") == FH_VERDICT_FAIL);
  CHECK(machine.host.verdicts["link"].reason == FH_REASON_DEVICE_LOST);
}

TEST_CASE("link errors that grow are reported, also where only the port above saw them") {
  Machine machine("accel/generic");
  machine.look_again();
  CHECK(machine.host.verdict("link.errors") == FH_VERDICT_OK);
  machine.tree.apply("accel/generic:corrected");  // seven: now and then
  machine.look_again();
  CHECK(machine.host.verdict("link.errors") == FH_VERDICT_OK);
  CHECK(machine.value("link.errors.corrected") == 7);
  machine.tree.write(kCard + "aer_dev_correctable", "RxErr 99\nTOTAL_ERR_COR 99\n");
  machine.look_again();
  CHECK(machine.host.verdict("link.errors") == FH_VERDICT_WARN);
  machine.tree.write(kCard + "aer_dev_correctable", "RxErr 1\nTOTAL_ERR_COR 1\n");  // backwards
  machine.look_again();
  CHECK(machine.host.verdicts["link.errors"].reason == FH_REASON_DEVICE_WAS_RESET);
  machine.tree.apply("accel/generic:upstream");
  machine.look_again();
  CHECK(machine.host.verdict("link.errors.upstream") == FH_VERDICT_WARN);
  machine.tree.apply("accel/generic:fatal");
  for (int again = 0; again < 2; ++again) {  // it does not heal by being looked at
    machine.look_again();
    CHECK(machine.host.verdict("link.errors") == FH_VERDICT_FAIL);
    CHECK(machine.host.verdicts["link.errors"].reason == FH_REASON_LINK_FATAL);
  }
  machine.tree.apply("accel/generic:aer_cut");
  machine.look_again();
  CHECK(machine.host.verdict("link.errors") == FH_VERDICT_UNKNOWN);
  CHECK(machine.status("link.errors.corrected") == FH_SAMPLE_ERROR);
}

TEST_CASE("a fatal error from before the first look is a warning") {
  Machine machine("accel/generic:fatal");
  machine.look_again();
  CHECK(machine.host.verdict("link.errors") == FH_VERDICT_WARN);
}

TEST_CASE("a device that vanishes between enumeration and sample is lost; its sibling is not") {
  Machine machine("accel/ivpu accel/generic");
  REQUIRE(machine.host.devices.size() == 2);
  const uint32_t other = machine.host.devices[1].raw.handle;
  machine.tree.apply("accel/ivpu:vanished");
  CHECK(machine.host.sample_all(0) == FH_E_DEVICE_LOST);
  CHECK(machine.host.check(0) == FH_E_DEVICE_LOST);
  CHECK(machine.host.prepare({0}) == FH_E_DEVICE_LOST);
  REQUIRE(machine.host.declare(other) == FH_OK);
  CHECK(machine.host.sample_all(other) == FH_OK);
  CHECK(machine.value("power") == doctest::Approx(61));
  REQUIRE(machine.host.enumerate() == FH_OK);
  CHECK(machine.host.devices.size() == 1);
}

TEST_CASE("a driver that leaves is noticed, and the device keeps its handle") {
  Machine machine("accel/generic");
  machine.tree.apply("accel/generic:unbound");
  machine.look_again();
  CHECK(machine.host.verdict("driver") == FH_VERDICT_FAIL);
  CHECK(machine.status("temperature") == FH_SAMPLE_NOT_SUPPORTED);
  REQUIRE(machine.host.enumerate() == FH_OK);
  CHECK(machine.host.devices[0].raw.handle == 0);
  CHECK(machine.host.devices[0].raw.state == FH_DEVICE_UNMANAGED);
}

TEST_CASE("counters that should stand still: the driver's own errors and thermal trips") {
  Machine qaic("accel/qaic");
  qaic.look_again();
  CHECK(qaic.host.verdict("errors.uncorrected") == FH_VERDICT_OK);
  qaic.tree.write(kCard + "ue_count", "1\n");
  for (int again = 0; again < 2; ++again) {
    qaic.look_again();
    CHECK(qaic.host.verdict("errors.uncorrected") == FH_VERDICT_FAIL);
  }
  CHECK(qaic.value("errors.uncorrected") == 1);
  qaic.tree.write(kCard + "ue_count", "lots\n");
  qaic.look_again();
  CHECK(qaic.host.verdict("errors.uncorrected") == FH_VERDICT_UNKNOWN);
  CHECK(qaic.status("errors.uncorrected") == FH_SAMPLE_ERROR);

  Machine wormhole("accel/wormhole");
  wormhole.look_again();
  wormhole.tree.write("sys/class/tenstorrent/tenstorrent!0/tt_therm_trip_count", "2\n");
  wormhole.look_again();
  CHECK(wormhole.host.verdict("throttle") == FH_VERDICT_WARN);
}

TEST_CASE("a heartbeat is unknown until it was seen to move") {
  Machine machine("accel/wormhole");
  machine.look_again();
  CHECK(machine.host.verdict("heartbeat") == FH_VERDICT_UNKNOWN);
  machine.tree.write("sys/class/tenstorrent/tenstorrent!0/tt_heartbeat", "12346\n");
  machine.look_again();
  CHECK(machine.host.verdict("heartbeat") == FH_VERDICT_OK);
  machine.tree.write("sys/class/tenstorrent/tenstorrent!0/tt_heartbeat", "0x1g\n");
  machine.look_again();
  CHECK(machine.host.verdict("heartbeat") == FH_VERDICT_UNKNOWN);
}

TEST_CASE("utilization is busy time over time, and no value when the counter goes back") {
  using farmhand::BusyTime;
  BusyTime busy;
  uint64_t now = 1'000'000'000;
  CHECK(!busy.look(farmhand::good(0), now).ok());
  CHECK(!busy.look(farmhand::good(1e8), now += 100'000'000).ok());  // too soon
  CHECK(busy.look(farmhand::good(5e8), now += 900'000'000).value == doctest::Approx(50));
  CHECK(busy.look(farmhand::good(9e8), now += 1'000'000).value == doctest::Approx(50));
  CHECK(!busy.look(farmhand::good(1e8), now += 1'000'000'000).ok());
  CHECK(busy.look(farmhand::good(1e8), now += 1'000'000'000).value == 0);
  CHECK(busy.look(farmhand::no_reading(FH_SAMPLE_ERROR), now).status == FH_SAMPLE_ERROR);
}

TEST_CASE("a heartbeat that stands still for ten seconds has stopped") {
  using farmhand::Heartbeat;
  Heartbeat heart;
  uint64_t now = 1'000'000'000;
  CHECK(heart.look(farmhand::good(1), now) == Heartbeat::State::kUnknown);
  CHECK(heart.look(farmhand::good(2), now += 1'000'000'000) == Heartbeat::State::kMoving);
  CHECK(heart.look(farmhand::good(2), now += 9'000'000'000) == Heartbeat::State::kMoving);
  CHECK(heart.look(farmhand::good(2), now += 1'000'000'000) == Heartbeat::State::kStopped);
  CHECK(heart.look(farmhand::good(3), now += 1'000'000'000) == Heartbeat::State::kMoving);
  CHECK(heart.look({}, now) == Heartbeat::State::kUnknown);
}

TEST_CASE("a job gets the nodes of its devices and no others") {
  Machine machine("accel/ivpu accel/wormhole accel/wormhole accel/generic");
  REQUIRE(machine.host.prepare({2, 1}) == FH_OK);
  CHECK(machine.host.nodes == std::vector<std::string>{"/dev/tenstorrent/2", "/dev/tenstorrent/1"});
  CHECK(machine.host.variables["TT_VISIBLE_DEVICES"] == "2,1");
  REQUIRE(machine.host.prepare({0, 3}) == FH_OK);
  CHECK(machine.host.nodes == std::vector<std::string>{"/dev/accel/accel0", "/dev/neuron3"});
  CHECK(machine.host.variables.empty());
  CHECK(machine.host.prepare({99}) == FH_E_INVALID);
}

TEST_CASE("settings that make no sense are refused with a sentence") {
  for (const char* match : {"1d0f=aws/x", "1d0f:70640=aws/x", "1d0f:7064=AWS/x", "1d0f:7064=aws/",
                            "1d0g:7064=aws/x", "1d0f:7064"}) {
    CAPTURE(match);
    FakeHost host;
    CHECK(host.open({{"match", match}}) == FH_E_INVALID);
    CHECK(std::string(host.err.text).find("1d0f:7064=aws/Trainium") != std::string::npos);
  }
  FakeHost host;
  CHECK(host.open({{"skip", "all"}}) == FH_E_INVALID);
}

TEST_CASE("accelerators nobody knows are listed on demand, those of other plugins are not") {
  const FakeTree tree("accel/generic");
  tree.write("sys/devices/furiosa/vendor", "0x1ed2\n");
  tree.write("sys/devices/furiosa/device", "0x0001\n");
  tree.write("sys/devices/furiosa/class", "0x120000\n");
  std::filesystem::create_symlink("../../../devices/furiosa",
                                  tree.at("sys/bus/pci/devices/0000:20:00.0"));
  FakeHost host;
  REQUIRE(host.open({{"root", tree.root()}, {"others", "yes"}}) == FH_OK);
  REQUIRE(host.enumerate() == FH_OK);
  REQUIRE(host.devices.size() == 1);
  CHECK(host.devices[0].vendor == "pci-1d0f");
  CHECK(host.devices[0].model == "1d0f:7064");
}
