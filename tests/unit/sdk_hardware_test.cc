// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>
#include <math.h>
#include <unistd.h>

#include <farmhand/checks.hh>
#include <farmhand/command.hh>
#include <farmhand/hwmon.hh>
#include <farmhand/library.hh>
#include <farmhand/pci.hh>
#include <farmhand/watch.hh>
#include <farmhand/worst.hh>
#include <filesystem>
#include <map>

#include "fake_tree.hh"

using farmhand::Root;

namespace {

// A call of a host that lets a test cancel it.
struct TestCall {
  explicit TestCall(uint64_t milliseconds = 2000)
      : raw(until(farmhand::boottime_ns() + milliseconds * 1'000'000)), given(services()) {}

  static fh_call until(uint64_t deadline_ns) {
    fh_call call = farmhand::made<fh_call>();
    call.deadline_boottime_ns = deadline_ns;
    return call;
  }
  const fh_host* services() {
    host.cancelled = [](void* ctx, const fh_call*) { return *static_cast<int32_t*>(ctx); };
    host.ctx = &cancelled;
    return &host;
  }

  int32_t cancelled = 0;
  fh_host host = farmhand::made<fh_host>();
  fh_call raw;
  farmhand::Host given;
  farmhand::Call call{given, &raw};
};

bool alive(pid_t pid) {
  const std::string status = farmhand::read_text("/proc/" + std::to_string(pid) + "/stat").text;
  return !status.empty() && status.find(") Z ") == std::string::npos;
}

const char* kCard = "sys/bus/pci/devices/0000:10:00.0";

}  // namespace

TEST_CASE("a number is wholly a number or none") {
  using namespace farmhand;
  CHECK(number_from("-3.25") == -3.25);
  for (const char* text : {"", "-", ".", "1e3", "nan", "inf", "0x10", "4x5", "+1", "1.2.3", " 1"}) {
    CHECK(!number_from(text));
  }
  CHECK(integer_from("-12") == -12);
  CHECK(integer_from<uint8_t>("255") == 255);
  for (const char* text : {"", "256", "-1", "1 ", "0x1", "1.0"})
    CHECK(!integer_from<uint8_t>(text));
  CHECK(hex_from("0x1ed2") == 0x1ed2u);
  CHECK(hex_from("1eff") == 0x1effu);
  for (const char* text : {"", "0x", "0xg", "-1", "11112222333344445"}) CHECK(!hex_from(text));
  CHECK(only_number_in(" 12\n") == 12);
  CHECK(!only_number_in("12 13"));
}

TEST_CASE("why a file gives no value is told apart") {
  const FakeTree tree;
  tree.write("number", "41500\n");
  tree.write("garbage", "4x5\n");
  tree.write("empty", "");
  tree.write("huge", std::string(farmhand::kFileBytesMax + 1, '1'));
  using farmhand::read_number;
  CHECK(read_number(tree.at("number"), 1e-3).value == doctest::Approx(41.5));
  CHECK(read_number(tree.at("absent")).status == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(read_number(tree.at("number/below")).status == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(read_number(tree.at("garbage")).status == FH_SAMPLE_ERROR);
  CHECK(read_number(tree.at("empty")).status == FH_SAMPLE_ERROR);
  CHECK(read_number(tree.at("huge")).status == FH_SAMPLE_ERROR);
  CHECK(read_number(tree.root()).status == FH_SAMPLE_ERROR);  // a folder
  CHECK(farmhand::read_text(tree.at("empty")).ok());
  CHECK(farmhand::status_from_errno(EACCES) == FH_SAMPLE_NO_PERMISSION);
  CHECK(farmhand::status_from_errno(ENODATA) == FH_SAMPLE_UNKNOWN);
  CHECK(farmhand::status_from_errno(EIO) == FH_SAMPLE_ERROR);
  CHECK(farmhand::names_in(tree.at("absent")).status == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(farmhand::names_in(tree.root()).names.front() == "empty");
}

TEST_CASE("PCI devices are found by vendor, with driver, NUMA node and link") {
  const FakeTree tree("accel/generic accel/ivpu");
  const Root root(tree.root());
  CHECK(farmhand::scan_pci(root).devices.size() == 4);  // two ports above them
  const farmhand::PciScan scan = farmhand::scan_pci(root, 0x1d0f);
  REQUIRE(scan.devices.size() == 1);
  const farmhand::PciDevice& card = scan.devices[0];
  CHECK(card.address == "0000:10:00.0");
  CHECK(card.device == 0x7064);
  CHECK(card.base_class() == 0x12);
  CHECK(card.driver == "neuron");
  CHECK(card.numa_node == 0);
  const farmhand::PciLink link = farmhand::read_link(card.folder);
  CHECK(link.speed.value == 32);
  CHECK(link.width.value == 16);
  CHECK(farmhand::generation_of(link.speed.value) == 5);
  CHECK(farmhand::find_hex(farmhand::upstream_of(card.folder) + "/class") == 0x060400u);
  CHECK(farmhand::upstream_of(tree.root()).empty());

  CHECK(farmhand::scan_pci(Root("/nonexistent")).status == FH_SAMPLE_NOT_SUPPORTED);
  CHECK(farmhand::scan_pci(Root(FakeTree().root())).status == FH_SAMPLE_OK);
}

TEST_CASE("a card that fell off the bus has no link, and no link of zero") {
  const FakeTree tree("accel/generic:off_bus");
  const farmhand::PciLink link = farmhand::read_link(tree.at(kCard));
  CHECK(link.speed.status == FH_SAMPLE_ERROR);
  CHECK(link.width.status == FH_SAMPLE_ERROR);
  CHECK(link.width_max.value == 16);
  tree.write(std::string(kCard) + "/current_link_speed", "8 GT/s\n");  // kernels before 5.7
  CHECK(farmhand::read_link(tree.at(kCard)).speed.value == 8);
  tree.remove(std::string(kCard) + "/max_link_speed");
  CHECK(farmhand::read_link(tree.at(kCard)).speed_max.status == FH_SAMPLE_NOT_SUPPORTED);
}

TEST_CASE("AER counters are the total line, and a file cut short is an error") {
  const FakeTree tree("accel/generic:corrected");
  farmhand::PciErrors errors = farmhand::read_errors(tree.at(kCard));
  CHECK(errors.corrected.value == 7);
  CHECK(errors.fatal.value == 0);
  CHECK(errors.fatal.ok());
  tree.apply("accel/generic:aer_cut");
  errors = farmhand::read_errors(tree.at(kCard));
  CHECK(errors.corrected.status == FH_SAMPLE_ERROR);
  tree.remove(std::string(kCard) + "/aer_dev_fatal");
  CHECK(farmhand::read_errors(tree.at(kCard)).fatal.status == FH_SAMPLE_NOT_SUPPORTED);
}

TEST_CASE("sensors come in our units, by label") {
  const FakeTree tree("accel/generic");
  const auto chips = farmhand::hwmons_of(tree.at(kCard));
  REQUIRE(chips.size() == 1);
  CHECK(chips[0].name == "neuron");
  std::map<std::string, farmhand::Reading> seen;
  for (const farmhand::Sensor& each : chips[0].sensors) seen[each.id] = read_sensor(each);
  CHECK(seen["temp1"].value == doctest::Approx(51));
  CHECK(seen["power1"].value == doctest::Approx(61));
  CHECK(seen["energy1"].value == doctest::Approx(123.456789));
  CHECK(seen["in0"].value == doctest::Approx(0.85));
  CHECK(seen["curr1"].value == doctest::Approx(64));
  CHECK(seen["fan1"].value == 4200);
  CHECK(seen.size() == 6);
  CHECK(chips[0].sensors.back().name() == "chip");
  CHECK(farmhand::read_limit(chips[0].sensors.back(), "crit").value == doctest::Approx(95));
  CHECK(farmhand::hwmons_named(Root(tree.root()), "neuron").size() == 1);
  CHECK(farmhand::hwmons_named(Root(tree.root()), "coretemp").empty());
}

TEST_CASE("a reading in the wrong unit is an error, never a wrong number") {
  const FakeTree tree("accel/generic");
  const std::string chip = std::string(kCard) + "/hwmon/hwmon0/";
  const auto read = [&](const std::string& id, const std::string& file, const std::string& text) {
    tree.write(chip + file, text);
    const auto chips = farmhand::hwmons_of(tree.at(kCard));
    for (const farmhand::Sensor& each : chips[0].sensors) {
      if (each.id == id) return read_sensor(each);
    }
    return farmhand::Reading{};
  };
  for (const char* text : {"45", "0", "-3", "45000000", "255000", "-273150", "nan", "4x5", "",
                           "99999999999999999999999"}) {
    CAPTURE(text);
    CHECK(read("temp1", "temp1_input", text).status == FH_SAMPLE_ERROR);
  }
  CHECK(read("temp1", "temp1_input", "-5000").value == doctest::Approx(-5));
  CHECK(read("power1", "power1_average", "45").status == FH_SAMPLE_ERROR);  // W
  CHECK(read("power1", "power1_average", "-1").status == FH_SAMPLE_ERROR);
  CHECK(read("power1", "power1_average", "0").value == 0);
  CHECK(read("fan1", "fan1_input", "0").ok());
  tree.write(chip + "temp1_input", "51000\n");
  CHECK(read("temp1", "temp1_fault", "1").status == FH_SAMPLE_ERROR);
  CHECK(read("temp1", "temp1_fault", "0").ok());
}

TEST_CASE("a library that is not there, one that is broken, and missing symbols are told apart") {
  using farmhand::Library;
  const Library absent = Library::open({"libfarmhand-none.so.1", "/nonexistent/libx.so"});
  CHECK(absent.absent());
  CHECK(absent.problem() == "'/nonexistent/libx.so' is not installed");

  const FakeTree tree;
  tree.write("libbroken.so",
             "no ELF file, and longer than its header would be: " + std::string(64, '.'));
  const Library broken = Library::open({tree.at("libbroken.so")});
  CHECK(!broken.loaded());
  CHECK(!broken.absent());
  CHECK(broken.problem().find("libbroken.so") != std::string::npos);

  Library math = Library::open({"libfarmhand-none.so.1", "libm.so.6"});
  REQUIRE(math.loaded());
  double (*root)(double) = nullptr;
  CHECK(std::string(math.need(&root, {"sqrt_v2", "sqrt"})) == "sqrt");
  CHECK(root(16) == 4);
  CHECK(math.complete());
  void (*none)() = nullptr;
  CHECK(math.find(&none, {"no_such_symbol"}) == nullptr);
  CHECK(math.complete());
  math.need(&none, {"gone_v2", "gone"});
  math.need(&none, {"lost"});
  CHECK(!math.complete());
  CHECK(math.problem().starts_with("libm.so.6 lacks 'gone_v2', 'lost'"));
}

TEST_CASE("a tool's output, errors and exit code arrive") {
  TestCall test;
  const auto done =
      farmhand::run_command(test.call, {"sh", "-c", "echo $LC_ALL; echo sad >&2; exit 3"});
  CHECK(done.status == FH_OK);
  CHECK(done.output == "C\n");
  CHECK(done.exit_code == 3);
  CHECK(!done.ok());
  CHECK(done.sentence == "'sh' failed with code 3: sad");
  CHECK(farmhand::run_command(test.call, {"true"}).ok());
  CHECK(farmhand::run_command(test.call, {"cat"}).ok());  // its input is empty
  CHECK(farmhand::run_command(test.call, {"sh", "-c", "kill -9 $$"}).exit_code == -1);
}

TEST_CASE("a tool that is not installed is told from one that fails") {
  TestCall test;
  const auto absent = farmhand::run_command(test.call, {"farmhand-no-such-tool", "-q"});
  CHECK(absent.status == FH_E_UNSUPPORTED);
  CHECK(absent.sentence == "'farmhand-no-such-tool' is not installed");
  const FakeTree tree;
  tree.write("tool", "#!/bin/sh\n");
  CHECK(farmhand::run_command(test.call, {tree.at("tool")}).status == FH_E_PERMISSION);
}

TEST_CASE("a tool over its time is killed with all that it started") {
  const FakeTree tree;
  TestCall test(10'000);
  farmhand::CommandLimits limits;
  limits.time_ns = 300'000'000;
  const std::string file = tree.at("pid");
  const uint64_t before = farmhand::boottime_ns();
  const auto done = farmhand::run_command(
      test.call, {"sh", "-c", "(sleep 60 & echo $! > " + file + "; wait) & wait"}, limits);
  CHECK(done.status == FH_E_TIMEOUT);
  CHECK(farmhand::boottime_ns() < test.call.deadline_ns());
  CHECK(farmhand::boottime_ns() - before > 200'000'000);
  const auto pid = farmhand::find_integer(file);
  REQUIRE(pid);
  for (int tries = 0; tries < 1000 && alive(static_cast<pid_t>(*pid)); ++tries) usleep(1000);
  CHECK(!alive(static_cast<pid_t>(*pid)));
}

TEST_CASE("a cancelled call ends its tool, and a past deadline starts it for no time") {
  TestCall test(60'000);
  test.cancelled = 1;
  CHECK(farmhand::run_command(test.call, {"sleep", "60"}).status == FH_E_CANCELLED);
  TestCall late(0);
  CHECK(farmhand::run_command(late.call, {"sleep", "60"}).status == FH_E_TIMEOUT);
}

TEST_CASE("a tool that prints without end, or leaves a process that does, holds nobody up") {
  TestCall test;
  farmhand::CommandLimits limits;
  limits.output_max = 100'000;
  const auto flood = farmhand::run_command(test.call, {"yes"}, limits);
  CHECK(flood.status == FH_E_INTERNAL);
  CHECK(flood.sentence == "'yes' printed more than it may and was killed");
  const auto left = farmhand::run_command(test.call, {"sh", "-c", "echo done; sleep 60 &"});
  CHECK(left.ok());
  CHECK(left.output == "done\n");
  const auto large = farmhand::run_command(test.call, {"sh", "-c", "head -c 3000000 /dev/zero"});
  CHECK(large.output.size() == 3'000'000);
}

TEST_CASE("a tool gets no descriptor of ours, and none is left after it") {
  TestCall test;
  const auto count = [] { return farmhand::names_in("/proc/self/fd").names.size(); };
  const size_t before = count();
  const int leaky = open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as vendors' libraries do
  const auto seen = farmhand::run_command(test.call, {"ls", "/proc/self/fd"});
  CHECK(seen.output == "0\n1\n2\n3\n");  // the last is the folder itself
  close(leaky);
  CHECK(count() == before);
}

TEST_CASE("a burst is what a counter grew by within its window, from the first look on") {
  using farmhand::good;
  constexpr uint64_t kSecond = 1'000'000'000;
  farmhand::Burst burst(60 * kSecond);
  CHECK(burst.look(good(500), 1 * kSecond) == 0);
  CHECK(burst.look(good(503), 10 * kSecond) == 3);
  CHECK(burst.look(farmhand::no_reading(FH_SAMPLE_ERROR), 11 * kSecond) == 3);
  CHECK(burst.look(good(1), 20 * kSecond) == 3);  // began anew
  CHECK(burst.look(good(5), 30 * kSecond) == 7);
  CHECK(burst.look(good(5), 71 * kSecond) == 4);
  CHECK(burst.look(good(5), 91 * kSecond) == 0);
}

namespace {

// What a host is given.
struct Given {
  std::vector<std::string> checks, sentences, evidence;
  std::vector<int32_t> verdicts;

  static int32_t take(void* ctx, void*, const fh_record* record) {
    Given& given = *static_cast<Given*>(ctx);
    if (record->kind == FH_RECORD_VERDICT) {
      const auto& verdict = *reinterpret_cast<const fh_verdict*>(record);
      given.checks.emplace_back(farmhand::view(verdict.check));
      given.sentences.emplace_back(farmhand::view(verdict.sentence));
      given.verdicts.push_back(verdict.verdict);
    } else {
      const auto& evidence = *reinterpret_cast<const fh_evidence*>(record);
      given.evidence.emplace_back(farmhand::view(evidence.name));
    }
    return FH_OK;
  }
  void emit(farmhand::Worst& worst) {
    during([&](farmhand::Call& call) { worst.emit(call); });
  }
  template <class Body>
  void during(Body body) {
    fh_host services = farmhand::made<fh_host>();
    services.ctx = this;
    services.emit = &take;
    const farmhand::Host host(&services);
    const fh_call raw = farmhand::made<fh_call>();
    farmhand::Call call(host, &raw);
    body(call);
  }
};

}  // namespace

TEST_CASE("of many parts the worst is the verdict, and what is bad goes before what is unknown") {
  farmhand::Worst worst("disks");
  worst.add_ok({{"free.a", 1, FH_UNIT_BYTE, {}, {}, {}}});
  worst.add(FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED, "b is not readable");
  worst.add(FH_VERDICT_WARN, FH_REASON_NODE_DISK_FULL, "c is nearly full",
            {{"free.a", 2, FH_UNIT_BYTE, {}, {}, {}}});
  worst.add(FH_VERDICT_FAIL, FH_REASON_NODE_DISK_FULL, "d is full");
  for (int i = 0; i < 40; ++i) {
    worst.add(FH_VERDICT_WARN, FH_REASON_NODE_DISK_FULL, "e",
              {{"free.e", 2, FH_UNIT_BYTE, {}, {}, {}}});
  }
  Given given;
  given.emit(worst);
  CHECK(given.checks == std::vector<std::string>{"disks"});
  CHECK(given.verdicts == std::vector<int32_t>{FH_VERDICT_FAIL});
  CHECK(given.sentences[0] == "d is full; c is nearly full; e; e; and 39 more");
  CHECK(given.evidence.size() == 32);
  CHECK(given.evidence[0] == "free.a");
  CHECK(given.evidence[2] == "free.e_2");

  farmhand::Worst nothing("disks");
  given.emit(nothing);
  CHECK(given.verdicts.back() == FH_VERDICT_OK);
}

TEST_CASE("a part's name becomes the end of an evidence's name") {
  CHECK(farmhand::dotted("/") == ".root");
  CHECK(farmhand::dotted("/var/Log dir") == ".var.log_dir");
  CHECK(farmhand::dotted("0000:03:00.0") == ".0000_03_00.0");
}

TEST_CASE(
    "bus errors count on the device and on the port above, and many corrected ones are told") {
  const FakeTree tree("accel/generic");
  const std::string port = farmhand::upstream_of(tree.at(kCard));
  farmhand::LinkErrors mine, above;
  const auto look = [&] {
    Given given;
    given.during([&](farmhand::Call& call) {
      farmhand::emit_link_errors(call, tree.at(kCard), &mine, &above);
    });
    CHECK(given.checks == std::vector<std::string>{"link.errors", "link.errors.upstream"});
    return given.verdicts;
  };
  const auto count = [](const std::string& folder, const char* kind, const char* total,
                        int errors) {
    std::ofstream(folder + "/aer_dev_" + kind)
        << "RxErr 0\nTOTAL_ERR_" << total << " " << errors << "\n";
  };
  using Verdicts = std::vector<int32_t>;
  CHECK(look() == Verdicts{FH_VERDICT_OK, FH_VERDICT_OK});
  count(tree.at(kCard), "correctable", "COR", 50);
  CHECK(look() == Verdicts{FH_VERDICT_OK, FH_VERDICT_OK});
  count(tree.at(kCard), "correctable", "COR", 150);
  CHECK(look() == Verdicts{FH_VERDICT_WARN, FH_VERDICT_OK});
  count(port, "fatal", "FATAL", 1);
  CHECK(look() == Verdicts{FH_VERDICT_WARN, FH_VERDICT_FAIL});
  count(port, "fatal", "FATAL", 0);  // counted anew
  CHECK(look() == Verdicts{FH_VERDICT_WARN, FH_VERDICT_FAIL});
  // Before we looked: worth a word, and no fault.
  count(port, "fatal", "FATAL", 2);
  mine = above = farmhand::LinkErrors{};
  CHECK(look() == Verdicts{FH_VERDICT_OK, FH_VERDICT_WARN});
}
