// SPDX-License-Identifier: Apache-2.0
#include <doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include "wire/enroll.hh"
#include "wire/record.hh"
#include "wire/sync.hh"

using namespace farmhand;
using namespace farmhand::wire;

namespace {

template <typename Body>
void check_round_trip(const Body& body) {
  const auto again = decode_record(encode_record(body));
  REQUIRE(again);
  REQUIRE(std::holds_alternative<Body>(*again));
  CHECK(std::get<Body>(*again) == body);
}

Epoch some_epoch() {
  Epoch epoch{.counter = 7, .random = {}};
  for (uint8_t i = 0; i < 16; ++i) epoch.random[i] = i;
  return epoch;
}

Watermark some_mark(uint8_t lane) {
  return {.epoch = some_epoch(), .lane = lane, .seq = 40u + lane, .chain = {1, 2, 3}};
}

PluginState plugin_that_says(std::string sentence) {
  PluginState plugin;
  plugin.sentence = std::move(sentence);
  return plugin;
}

Segment some_segment() {
  Segment segment;
  segment.epoch = some_epoch();
  segment.lane = 1;
  segment.from = 3;
  segment.to = 9;
  return segment;
}

HealthTransition some_transition() {
  HealthTransition transition;
  transition.uuid = Uuid::random();
  transition.device_key = "RNGD0001";
  transition.check = "memory.ecc";
  transition.source = "plugin furiosa";
  transition.from = Verdict::kOk;
  transition.to = Verdict::kFail;
  transition.reason = "memory.uncorrected";
  transition.sentence = "2 uncorrectable errors";
  transition.action = "Drain the device and reset it.";
  transition.evidence = {{"errors", 0, 2.0, {}, 0.0, "2"}, {"state", 0, {}, {}, {}, "bad"}};
  transition.count = 40;
  transition.boottime_ns = 5;
  transition.realtime_ns = -7;
  return transition;
}

Device some_device() {
  return {.key = "RNGD0001",
          .plugin = "sim",
          .vendor = "furiosa",
          .model = "RNGD",
          .serial = "1",
          .uuid = "u",
          .pci = "0000:03:00.0",
          .firmware = "1.2",
          .driver = "3.4",
          .note = "n",
          .reason = "the host crashed",
          .kind = DeviceKind::kAccelerator,
          .state = DeviceState::kUnknown,
          .quarantined = true,
          .since_boottime_ns = 5,
          .numa_node = -1,
          .index = 0,
          .memory_bytes = 48ull << 30,
          .peaks = {{.dtype = "fp8", .tera_ops = 512, .source = "data sheet"}}};
}

Telemetry telemetry_of(std::vector<double> values) {
  Telemetry telemetry{.table_id = 9, .samples = {}};
  for (const double value : values) {
    const auto series = static_cast<uint32_t>(telemetry.samples.size());
    telemetry.samples.push_back({.series = series, .status = 0, .value = value, .boottime_ns = 77});
  }
  return telemetry;
}

// What a card says, second by second: readings with the decimals that sensors have.
Telemetry second_of(int device, int second, std::mt19937& random) {
  Telemetry telemetry{.table_id = 0x123456789abcdef0 + static_cast<uint64_t>(device),
                      .samples = {}};
  const auto noise = [&](int range) { return static_cast<double>(random() % range); };
  const uint64_t now = 86'400'000'000'000 + static_cast<uint64_t>(second) * 1'000'003'117;
  for (uint32_t series = 0; series < 32; ++series) {
    double value = 0;
    switch (series % 8) {
      case 0:
        value = 40 + noise(200) / 10;
        break;  // °C
      case 1:
        value = 90 + noise(90'000) / 1000;
        break;  // W
      case 2:
        value = 1e6 * second + noise(1000) / 1000;
        break;  // J
      case 3:
        value = noise(10'001) / 100;
        break;  // %
      case 4:
        value = 4096 * (1e6 + noise(1 << 20));
        break;  // bytes used
      case 5:
        value = 48.0 * (1 << 30);
        break;  // bytes in all
      case 6:
        value = 1000 + noise(8) * 25;
        break;  // MHz
      default:
        value = 0;
        break;  // errors
    }
    telemetry.samples.push_back(
        {.series = series, .status = 0, .value = value, .boottime_ns = now});
  }
  return telemetry;
}

}  // namespace

TEST_CASE("every kind of record comes back as it was") {
  check_round_trip(Inventory{.boottime_ns = 3,
                             .node = {.hostname = "n1",
                                      .os = "Debian",
                                      .kernel = "6.1",
                                      .architecture = "x86_64",
                                      .cpu_model = "c",
                                      .cpu_count = 2,
                                      .memory_bytes = 1 << 30,
                                      .agent_version = "0.1.0"},
                             .devices = {some_device()},
                             .plugins = {{.id = "sim",
                                          .vendor = "farmhand",
                                          .version = "1",
                                          .health = PluginHealth::kRunning,
                                          .sentence = "",
                                          .restarts = 1,
                                          .parked_hosts = 0,
                                          .boottime_ns = 1}}});
  check_round_trip(make_metric_table(
      "RNGD0001", "sim",
      {{.name = "temperature", .label = "core", .label_value = "3", .kind = 1, .unit = 1}}));
  check_round_trip(telemetry_of({1, 2.5, -3, 0}));
  check_round_trip(Event{.uuid = Uuid::random(),
                         .boottime_ns = 1,
                         .device_key = "d",
                         .plugin = "sim",
                         .severity = Severity::kError,
                         .reason = "device.missing",
                         .sentence = "s",
                         .attributes = {{"a", "b"}}});
  check_round_trip(some_transition());
  check_round_trip(CommandResult{.command_uuid = Uuid::random(),
                                 .status = CommandStatus::kExpired,
                                 .sentence = "late",
                                 .boottime_ns = 4,
                                 .output = std::string("\0\xff", 2)});
  check_round_trip(EpochStart{
      .old_epoch = some_epoch(), .last = {some_mark(0), some_mark(4)}, .reason = "rolled back"});
  check_round_trip(EpochStart{});
  EpochStart moved;  // rows of several epochs moved on
  for (uint64_t counter = 1; counter <= 3; ++counter)
    for (uint8_t lane = 0; lane < kLaneCount; ++lane)
      moved.last.push_back({.epoch = {counter, {}}, .lane = lane, .seq = 0, .chain = {}});
  check_round_trip(moved);
  check_round_trip(Interruption{.lane = 4, .from_realtime_ns = -5, .to_realtime_ns = 9});
  check_round_trip(PluginState{.id = "sim",
                               .vendor = "v",
                               .version = "1",
                               .health = PluginHealth::kRefused,
                               .sentence = "no",
                               .restarts = 2,
                               .parked_hosts = 1,
                               .boottime_ns = 3});
}

TEST_CASE("a verdict that was left out or is newer than we are is unknown, never ok") {
  HealthTransition transition = some_transition();
  transition.to = Verdict::kUnspecified;
  auto again = decode_record(encode_record(transition));
  REQUIRE(again);
  CHECK(std::get<HealthTransition>(*again).to == Verdict::kUnknown);
  CHECK(name_of(Verdict::kUnspecified) == "unknown");
  transition.to = static_cast<Verdict>(9);
  again = decode_record(encode_record(transition));
  REQUIRE(again);
  CHECK(std::get<HealthTransition>(*again).to == Verdict::kUnknown);
  CHECK(worse(Verdict::kUnspecified, Verdict::kOk) != Verdict::kOk);
  CHECK(worse(Verdict::kUnknown, Verdict::kWarn) == Verdict::kUnknown);
  CHECK(worse(Verdict::kUnknown, Verdict::kFail) == Verdict::kFail);
}

TEST_CASE("a transition of no check or with a long tail of evidence is not taken") {
  HealthTransition transition = some_transition();
  transition.check.clear();
  CHECK(decode_record(encode_record(transition)).error().code == Errc::kCorrupt);
  transition = some_transition();
  transition.evidence.resize(kEvidenceMax + 5);
  const auto bounded = decode_record(encode_record(transition));
  REQUIRE(bounded);
  CHECK(std::get<HealthTransition>(*bounded).evidence.size() == kEvidenceMax);
}

TEST_CASE("every value comes back as the very same double") {
  const double inf = std::numeric_limits<double>::infinity();
  check_round_trip(telemetry_of({0.1, 1e300, -1e-300, 1.0 / 3, 0.5f, 16777217, 9007199254740992.0,
                                 -9007199254740993.0, 1ull << 63, 4503599627370497.5, 43.5, 123.456,
                                 0.001, -0.0, inf, -inf, 1e15 + 0.3, 1024.0 * 9e15}));
  const auto minus_zero = decode_record(encode_record(telemetry_of({-0.0})));
  REQUIRE(minus_zero);
  CHECK(std::signbit(std::get<Telemetry>(*minus_zero).samples[0].value));
  std::mt19937_64 random(1);
  std::vector<double> any;
  while (any.size() < 20'000) {
    const auto value = std::bit_cast<double>(random());
    if (value == value) any.push_back(value);
  }
  check_round_trip(telemetry_of(any));
}

TEST_CASE("samples in any order, with their own times and statuses, come back as they were") {
  std::mt19937 random(2);
  Telemetry telemetry{.table_id = 1, .samples = {}};
  for (int i = 0; i < 5000; ++i) {
    const auto status = static_cast<uint8_t>(random() % 6);
    const double value = status == 0 || status == 3 ? random() % 1000 / 10.0 : 0;
    telemetry.samples.push_back({.series = static_cast<uint32_t>(random() % 40),
                                 .status = status,
                                 .value = value,
                                 .boottime_ns = random()});
  }
  check_round_trip(telemetry);
  check_round_trip(Telemetry{.table_id = 3, .samples = {}});
}

TEST_CASE("a sample takes two to six bytes at 1 Hz, and no more than two at 100 Hz") {
  std::mt19937 random(3);
  size_t bytes = 0;
  for (int second = 1; second <= 10; ++second) {
    for (int device = 0; device < 8; ++device) {
      bytes += encode_record(second_of(device, second, random)).size();
    }
  }
  const double per_sample = static_cast<double>(bytes) / (10 * 8 * 32);
  MESSAGE("bytes per sample at 1 Hz: " << per_sample);
  CHECK(per_sample < 4.5);

  Telemetry batch{.table_id = 1, .samples = {}};
  for (int tick = 0; tick < 100; ++tick) {
    for (uint32_t series = 0; series < 32; ++series) {
      batch.samples.push_back({.series = series,
                               .status = 0,
                               .value = 50 + (tick * series % 17) / 10.0,
                               .boottime_ns = 1'000'000'000ull + tick * 10'000'123ull});
    }
  }
  CHECK(encode_record(batch).size() < 2 * batch.samples.size());
  check_round_trip(batch);
}

TEST_CASE("a table's id follows from its content") {
  const std::vector<Metric> metrics = {
      {.name = "power", .label = "", .label_value = "", .kind = 1, .unit = 2}};
  const auto table = make_metric_table("d", "sim", metrics);
  CHECK(table.table_id != 0);
  CHECK(table.table_id == make_metric_table("d", "sim", metrics).table_id);
  CHECK(table.table_id != make_metric_table("e", "sim", metrics).table_id);
}

TEST_CASE("a few bytes cannot claim more samples than the limit") {
  Telemetry most{.table_id = 1, .samples = {}};
  most.samples.resize(kSamplesMax / 2);
  CHECK(decode_record(encode_record(most)));
  most.samples.resize(kSamplesMax + 1);
  CHECK(decode_record(encode_record(most)).error().code == Errc::kCorrupt);
}

TEST_CASE("text that is not UTF-8 is mended, not poison") {
  const std::string texts[] = {"\xff",         "a\x80z",           "\xc3",
                               "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc0\xaf",
                               "\xe0\x80\x80", "\xf0\x9f\x98"};
  for (const std::string& text : texts) {
    const auto again = decode_record(encode_record(plugin_that_says(text)));
    REQUIRE(again);
    CHECK(std::get<PluginState>(*again).sentence.find("\xef\xbf\xbd") != std::string::npos);
  }
  const std::string good = "가동 45 °C \xf0\x9f\x98\x80";
  check_round_trip(plugin_that_says(good));
}

TEST_CASE("every message of the session comes back as it was") {
  Segment segment{.epoch = some_epoch(),
                  .lane = 1,
                  .from = 3,
                  .to = 9,
                  .chain = {9},
                  .kind = SegmentKind::kMixed,
                  .reason = GapReason::kDownsample,
                  .gap_count = 2,
                  .gap_bytes = 100,
                  .boottime_ns = 5,
                  .realtime_ns = -6,
                  .synchronised = true,
                  .encoding = Encoding::kZstd,
                  .crc32c = 0xdeadbeef,
                  .bytes = std::string("\0\1\2", 3)};
  const NodeMessage from_node[] = {Hello{.node_uuid = Uuid::random(),
                                         .epoch = some_epoch(),
                                         .lanes = {{.last = some_mark(0), .applied = some_mark(0)},
                                                   {.last = some_mark(1), .applied = std::nullopt}},
                                         .boot_id = "b",
                                         .agent_version = "0.1.0",
                                         .protocol_version = 1,
                                         .hostname = "h"},
                                   Segments{.lane = 1, .segments = {segment, segment}},
                                   CommandAck{.command_uuid = Uuid::random()}, Ping{.number = 3}};
  for (const NodeMessage& message : from_node) {
    const auto again = decode_node_message(encode_node_message(message));
    REQUIRE(again);
    CHECK(*again == message);
  }
  const CoordinatorMessage from_coordinator[] = {
      Welcome{.applied = {some_mark(0), some_mark(4)}, .protocol_version = 1},
      Applied{.watermark = some_mark(2)},
      Nack{.lane = 4, .seq = 8, .reason = "r"},
      SignedCommand{.payload = "p", .signature = "s", .key_id = "k"},
      Refused{.code = "duplicate_node", .sentence = "s"},
      Pong{.number = 3}};
  for (const CoordinatorMessage& message : from_coordinator) {
    const auto again = decode_coordinator_message(encode_coordinator_message(message));
    REQUIRE(again);
    CHECK(*again == message);
  }
}

TEST_CASE("a segment that makes no sense is refused") {
  const auto refused = [](Segment segment) {
    return !decode_node_message(encode_node_message(Segments{.lane = 1, .segments = {segment}}));
  };
  const Segment good = some_segment();
  CHECK_FALSE(refused(good));
  Segment bad = good;
  bad.from = 0;
  CHECK(refused(bad));
  bad = good;
  bad.to = 2;
  CHECK(refused(bad));
  bad = good;
  bad.lane = 2;
  CHECK(refused(bad));
  bad = good;
  bad.encoding = static_cast<Encoding>(2);
  CHECK(refused(bad));
}

TEST_CASE("commands and enrolment come back as they were") {
  const Command command{.uuid = Uuid::random(),
                        .kind = "ping",
                        .partition = "nhn-sapeon",
                        .not_after_realtime_ns = 12,
                        .max_attempts = 3,
                        .arguments = {{"a", "b"}}};
  CHECK(*decode_command(encode_command(command)) == command);
  CHECK(bytes_to_sign("xy") == std::string("farmhand-cmd-v1\0xy", 18));
  const SignedCommand proof{.payload = "p", .signature = "s", .key_id = "k"};
  CHECK(*decode_signed_command(encode_signed_command(proof)) == proof);
  const EnrollRequest request{
      .join_token = "t", .node_uuid = Uuid::random(), .hostname = "h", .agent_version = "v"};
  CHECK(*decode_enroll_request(encode_enroll_request(request)) == request);
  const EnrollResponse response{.credential = "c", .cloud = "nhn", .vendors = {"sapeon", "x"}};
  CHECK(*decode_enroll_response(encode_enroll_response(response)) == response);
}

TEST_CASE("any bytes are decoded or refused, never more") {
  std::mt19937 random(4);
  Inventory inventory;
  inventory.devices = {some_device()};
  EpochStart start;
  start.last = {some_mark(0)};
  Command command;
  command.kind = "ping";
  const std::vector<std::string> seeds = {
      encode_record(second_of(0, 1, random)),
      encode_record(start),
      encode_record(inventory),
      encode_node_message(Segments{.lane = 1, .segments = {some_segment()}}),
      encode_coordinator_message(Welcome{.applied = {some_mark(1)}}),
      encode_command(command)};
  const auto decode_all = [](const std::string& bytes) {
    (void)decode_record(bytes).ok();
    (void)decode_node_message(bytes).ok();
    (void)decode_coordinator_message(bytes).ok();
    (void)decode_command(bytes).ok();
    (void)decode_signed_command(bytes).ok();
    (void)decode_enroll_request(bytes).ok();
    (void)decode_enroll_response(bytes).ok();
  };
  for (const std::string& seed : seeds) {
    for (size_t cut = 0; cut < seed.size(); ++cut) decode_all(seed.substr(0, cut));
    for (int i = 0; i < 3000; ++i) {
      std::string bytes = seed;
      for (int flips = 0; flips < 3; ++flips) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      decode_all(bytes);
    }
  }
  CHECK(decode_record("").error().code == Errc::kUnsupported);
  CHECK(decode_record(std::string(kRecordBytesMax + 1, '\0')).error().code == Errc::kCorrupt);
}
