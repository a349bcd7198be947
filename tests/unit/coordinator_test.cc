// SPDX-License-Identifier: Apache-2.0
// What the coordinator promises of what it applies.
#include <algorithm>

#include "coordinator/capacity.hh"
#include "coordinator/enrolment.hh"
#include "coordinator/fleet_json.hh"
#include "coordinator/health_json.hh"
#include "coordinator_fixture.hh"

using namespace farmhand;
using namespace farmhand::coordinator;

namespace {

wire::Device device(const std::string& key, const std::string& vendor) {
  wire::Device d;
  d.key = key;
  d.plugin = "sim";
  d.vendor = vendor;
  d.model = "model of " + vendor;
  d.peaks = {{"fp8", 512, "data sheet"}};
  return d;
}

wire::Inventory inventory(std::vector<wire::Device> devices) {
  wire::Inventory i;
  i.node.hostname = "node-a";
  i.devices = std::move(devices);
  return i;
}

const Scope kAll{Role::kViewer, ""};

wire::HealthTransition transition(const std::string& device, wire::Verdict to,
                                  uint64_t boottime_ns = 0) {
  wire::HealthTransition t;
  t.uuid = Uuid::random();
  t.device_key = device;
  t.check = "memory";
  t.source = "plugin sim";
  t.from = wire::Verdict::kOk;
  t.to = to;
  t.reason = to == wire::Verdict::kOk ? "" : "memory.uncorrected";
  t.sentence = "what is with " + device;
  t.action = "Drain the device and reset it.";
  t.evidence = {{"errors", 0, 2.0, {}, 0.0, "0x2"}};
  t.boottime_ns = boottime_ns;
  return t;
}

std::vector<TransitionRow> history_of(StoreFixture& f, const Scope& scope = kAll,
                                      const HistoryQuery& query = {}) {
  auto rows = f.store->health.history(scope, query);
  REQUIRE_MESSAGE(rows.ok(), rows.error().message);
  return std::move(*rows);
}

// The answer of /v1/fleet/health while these nodes are connected.
std::string health_of(StoreFixture& f, const LiveNodes& live, const Scope& scope = kAll) {
  FleetHealth fleet;
  fleet.nodes = *f.store->fleet.nodes(scope);
  fleet.devices = *f.store->fleet.devices(scope);
  fleet.checks = *f.store->health.checks(scope);
  fleet.offenders = *f.store->health.offenders(scope, 0);
  fleet.live = live;
  return json_of_fleet_health(fleet);
}

bool says(const std::string& document, const std::string& part) {
  const bool found = document.find(part) != std::string::npos;
  if (!found) MESSAGE(document);
  return found;
}

}  // namespace

TEST_CASE("a batch in order moves the watermark, the ledger and the effects together") {
  StoreFixture f;
  NodeLane lane;
  const Applied applied = f.put({lane.events(3), lane.events(2)});
  CHECK(applied.watermark.seq == 5);
  CHECK(applied.watermark.chain == lane.chain);
  CHECK(applied.records == 5);
  CHECK(f.events_of_node() == 5);
  CHECK(f.report().ok());
  REQUIRE(f.report().lanes.size() == 1);
  CHECK(f.report().lanes[0].records == 5);
  CHECK((*f.store->lanes.watermarks(f.node)).at(0) == applied.watermark);
}

TEST_CASE("adjacent records are one row of the ledger, a gap is a row of its own") {
  StoreFixture f;
  NodeLane lane;
  for (int i = 0; i < 4; ++i) f.put({lane.events(2)});
  f.put({lane.gap(5, wire::GapReason::kQuota)});
  f.put({lane.gap(1, wire::GapReason::kQuota), lane.events(1)});
  const auto ledgers = *f.store->lanes.ledgers();
  REQUIRE(ledgers.size() == 1);
  REQUIRE(ledgers[0].rows.size() == 3);
  CHECK(ledgers[0].rows[1].from == 9);
  CHECK(ledgers[0].rows[1].to == 14);
  CHECK(ledgers[0].rows[1].lost_bytes == 600);
  CHECK(f.report().ok());
  CHECK(f.report().lanes[0].lost == 6);
}

TEST_CASE("a duplicate has no effect at any age, also across epochs and restarts") {
  StoreFixture f;
  NodeLane lane;
  const wire::Segment first = lane.events(3), second = lane.events(3);
  f.put({first});
  f.put({second});
  NodeLane newer;
  newer.epoch = {2, {2}};
  f.put({newer.events(1)});
  f.open();
  for (const auto& old : {first, second}) {
    const Applied again = f.put({old});
    CHECK(again.known == 1);
    CHECK(again.refusal.empty());
    CHECK(again.watermark.epoch.counter == 2);
  }
  CHECK(f.put({first, second}).known == 2);
  CHECK(f.events_of_node() == 7);
  CHECK(f.report().ok());
}

TEST_CASE("a hole, another history and an older epoch are refused, and nothing changes") {
  StoreFixture f;
  NodeLane lane;
  f.put({lane.events(2)});
  const NodeLane before = lane;

  (void)lane.events(1);
  const Applied hole = f.put({lane.events(1)});
  CHECK(hole.refusal.find("3 is expected") != std::string::npos);
  CHECK(hole.watermark.seq == 2);

  NodeLane other = before;
  other.chain[3] ^= 1;
  CHECK(f.put({other.events(1)}).refusal.find("chain") != std::string::npos);

  NodeLane newer;
  newer.epoch = {7, {7}};
  CHECK(f.put({newer.events(1)}).refusal.empty());
  NodeLane older = before;
  CHECK(f.put({older.events(1)}).refusal.find("epoch 1 comes after epoch 7") != std::string::npos);
  CHECK(f.events_of_node() == 3);
  CHECK(f.report().ok());
}

TEST_CASE("a batch is applied whole or not at all") {
  StoreFixture f;
  NodeLane lane;
  wire::Segment good = lane.events(2);
  (void)lane.events(1);
  const Applied applied = f.put({good, lane.events(1)});
  CHECK_FALSE(applied.refusal.empty());
  CHECK(applied.watermark.seq == 0);
  CHECK(f.events_of_node() == 0);
  CHECK((*f.store->lanes.watermarks(f.node)).empty());
  CHECK(f.put({good}).watermark.seq == 2);
}

TEST_CASE("a record that cannot be read is named, and blocks nothing once it is a gap") {
  StoreFixture f;
  NodeLane lane;
  const NodeLane before = lane;
  const wire::Segment bad =
      lane.raw_records({wire::encode_record(event("fine")), "\xff\xff\xff not a record"});
  const Applied nacked = f.put({bad});
  REQUIRE(nacked.nack.has_value());
  CHECK(nacked.nack->seq == 2);
  CHECK(nacked.watermark.seq == 0);
  CHECK(f.events_of_node() == 0);

  NodeLane again = before;
  f.put({again.events(1), again.gap(1, wire::GapReason::kPoison), again.events(1)});
  CHECK(f.report().ok());
  CHECK(f.report().lanes[0].gaps.at(0).reason == wire::GapReason::kPoison);
}

TEST_CASE("bytes that do not match their checksum are not applied") {
  StoreFixture f;
  NodeLane lane;
  wire::Segment s = lane.events(1);
  s.crc32c ^= 1;
  CHECK(f.put({s}).nack.has_value());
  CHECK(f.events_of_node() == 0);
}

TEST_CASE("a thinned segment is covered by alternating records and gaps") {
  StoreFixture f;
  NodeLane lane;
  const wire::Segment whole = lane.events(9);
  Segment stored;
  stored.from = whole.from;
  stored.to = whole.to;
  stored.bytes = whole.bytes;
  REQUIRE(*thin_segment(stored, GapReason::kDownsample, [](uint64_t seq) { return seq % 3 != 0; }));
  wire::Segment thinned = whole;
  thinned.kind = wire::SegmentKind::kMixed;
  thinned.reason = wire::GapReason::kDownsample;
  thinned.gap_bytes = stored.gap_bytes;
  thinned.bytes = stored.bytes;
  thinned.crc32c = crc32c(stored.bytes);
  CHECK(f.put({thinned}).records == 3);
  CHECK(f.put({lane.events(1)}).refusal.empty());  // the chain goes on after what was thinned
  CHECK(f.report().ok());
  CHECK(f.report().lanes[0].lost == 6);
  CHECK(f.report().lanes[0].records == 4);
}

TEST_CASE("one epoch number with two histories is a clone, and refused") {
  StoreFixture f;
  NodeLane lane;
  f.put({lane.events(1)});
  NodeLane clone;
  clone.lane = 2;  // where the first has written nothing yet
  clone.epoch.random = {9};
  CHECK(f.put({clone.records({event("clone")})}).refusal.find("cloned") != std::string::npos);
}

TEST_CASE("the checker finds what nobody covers, and what a node says it had written") {
  LaneLedger lane;
  lane.rows = {{1, 4, false, {}, 0, {}}, {7, 9, false, {}, 0, {}}, {9, 12, true, {}, 0, {}}};
  lane.applied = wire::Watermark{{}, 0, 12, {}};
  lane.stated_end = 20;
  const LaneReport report = check_lane(lane);
  CHECK(report.holes == std::vector<std::pair<uint64_t, uint64_t>>{{5, 6}, {13, 20}});
  CHECK(report.overlaps == std::vector<std::pair<uint64_t, uint64_t>>{{9, 9}});

  StoreFixture f;
  NodeLane events;
  f.put({events.events(3)});
  NodeLane results;
  results.lane = 0;
  results.epoch = {2, {2}};
  wire::EpochStart start;
  start.old_epoch = events.epoch;
  start.last = {{events.epoch, 1, 5, {}}};
  f.put({results.records({start})});
  CHECK_FALSE(f.report().ok());
  f.put({events.events(2)});
  CHECK(f.report().ok());
}

TEST_CASE("what cannot be known of a newer node's records is kept without effect") {
  StoreFixture f;
  NodeLane lane;
  // Field 1000, a length-delimited kind that this version does not know.
  CHECK(f.put({lane.raw_records({std::string("\xc2\x3e\x01x", 4)})}).watermark.seq == 1);
  CHECK(f.report().ok());
}

TEST_CASE("a store of the version before is brought up to date, once") {
  StoreFixture f;
  const std::string path = f.dir.file("coordinator.db");
  f.store.reset();
  const auto alter = [&](const char* sql) {
    auto db = sqlite::Database::open(path, {});
    REQUIRE(db.ok());
    REQUIRE(db->exec(sql).ok());
  };
  alter("UPDATE meta SET value = 2 WHERE key = 'schema'; DROP TABLE health; DROP TABLE transition");
  for (const char* column : {"verdict", "hold", "hold_why", "hold_by", "hold_since_ns"})
    alter((std::string("ALTER TABLE device DROP COLUMN ") + column).c_str());
  f.open();
  CHECK((*f.store->nodes.find(f.uuid))->id == f.node);
  CHECK(f.store->health.history(kAll, {}).ok());
  NodeLane lane;
  CHECK(f.put({lane.records({transition("a", wire::Verdict::kFail)})}).refusal.empty());
  f.store.reset();
  for (const char* column : {"verdict", "hold", "hold_why", "hold_by", "hold_since_ns"})
    alter((std::string("ALTER TABLE device DROP COLUMN ") + column).c_str());
  alter(
      "ALTER TABLE epoch_end DROP COLUMN told_by; DROP TABLE health; DROP TABLE transition; "
      "UPDATE meta SET value = 1 WHERE key = 'schema'");
  f.open();
  CHECK((*f.store->nodes.find(f.uuid))->id == f.node);
  f.open();
  f.store.reset();
  alter("UPDATE meta SET value = 9 WHERE key = 'min_reader'");
  CHECK(Store::open(path).error().code == Errc::kUnsupported);
}

TEST_CASE("the last readings of a device are one row, and honest") {
  StoreFixture f;
  NodeLane inventories;
  inventories.lane = 2;
  f.put({inventories.records({inventory({device("r0", "rebellions")})})});
  NodeLane lane;
  lane.lane = 4;
  const auto table =
      wire::make_metric_table("r0", "sim", {{"power", "", "", 1, 2}, {"temp", "", "", 1, 1}});
  wire::Telemetry first{table.table_id, {{0, 0, 100, 5}, {1, 2, 0, 5}}};
  wire::Telemetry second{table.table_id, {{0, 0, 120.5, 9}}};
  f.put({lane.records({table, first}), lane.records({second})});
  const auto rows = *f.store->fleet.metrics(kAll, "");
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].readings.find(0)->value == 120.5);
  CHECK(rows[0].readings.find(0)->wall_ns == kNow + 9);
  CHECK(rows[0].readings.find(1)->status == 2);
  CHECK_FALSE(rows[0].readings.find(7).has_value());
  CHECK(json_of_metrics(rows).find("\"value\":null") != std::string::npos);
}

TEST_CASE("a partition is derived from the enrolment, whatever the node says") {
  CHECK(partition_of("NHN", {"sapeon"}, "Sapeon") == "nhn-sapeon");
  CHECK(partition_of("nhn", {"sapeon"}, "furiosa") == "");
  CHECK_FALSE(
      is_cloud("a-b"));  // else cloud a-b with vendor c and cloud a with vendor b-c were one

  StoreFixture f;
  NodeLane lane;
  lane.lane = 2;
  wire::Device host = device("host", "farmhand");
  host.kind = wire::DeviceKind::kNode;
  f.put({lane.records({inventory({device("r0", "rebellions"), device("f0", "furiosa"), host})})});
  const auto mine = *f.store->fleet.devices({Role::kViewer, "kt-rebellions"});
  REQUIRE(mine.size() == 2);  // its own, and what stands for the node
  CHECK(std::none_of(mine.begin(), mine.end(),
                     [](const auto& row) { return row.device.key == "f0"; }));
  CHECK((*f.store->fleet.devices({Role::kViewer, "kt-furiosa"})).empty());
  CHECK((*f.store->fleet.devices(kAll)).size() == 3);

  f.enroll(f.uuid, "kt", {"furiosa"});  // anew, for another vendor
  CHECK((*f.store->fleet.devices({Role::kViewer, "kt-rebellions"})).empty());
  CHECK((*f.store->fleet.devices({Role::kViewer, "kt-furiosa"})).size() == 2);
}

TEST_CASE("an inventory replaces the one before it; what is gone is absent, not forgotten") {
  StoreFixture f;
  NodeLane lane;
  lane.lane = 2;
  f.put({lane.records({inventory({device("a", "rebellions"), device("b", "rebellions")})})});
  f.put({lane.records({inventory({device("b", "rebellions")})})});
  const auto rows = *f.store->fleet.devices(kAll);
  REQUIRE(rows.size() == 2);
  CHECK_FALSE(rows[0].present);
  CHECK(rows[1].present);
}

TEST_CASE("capacity counts devices with a figure, and lists those without") {
  Capacity capacity;
  DeviceRow row;
  row.partition = "kt-rebellions";
  row.device = device("a", "rebellions");
  capacity.add(row, true);
  row.device.state = wire::DeviceState::kUnknown;
  capacity.add(row, true);
  row.device.state = wire::DeviceState::kManaged;
  capacity.add(row, false);  // its node is away
  row.device.peaks.clear();
  row.device.key = "no-figure";
  capacity.add(row, true);
  row.present = false;
  capacity.add(row, true);
  const std::string json = capacity.json(10);
  CHECK(json.find("\"target_petaflops\":10,\"devices\":4,\"available_devices\":2") !=
        std::string::npos);
  CHECK(json.find(
            "\"dtype\":\"fp8\",\"devices\":3,\"installed_tera_ops\":1536,\"available_devices\":1,"
            "\"available_tera_ops\":512") != std::string::npos);
  CHECK(json.find("\"unknown\":[{\"node\"") != std::string::npos);
  CHECK(json.find("no-figure") != std::string::npos);
}

TEST_CASE("a join token is good for its uses, its cloud, and nothing else") {
  StoreFixture f;
  TokenRow token;
  token.role = Role::kJoin;
  token.cloud = "nhn";
  token.vendors = {"sapeon"};
  token.uses_left = 1;
  REQUIRE(f.store->tokens.add(hash_of("once"), token).ok());
  token.uses_left = -1;
  REQUIRE(f.store->tokens.add(hash_of("often"), token).ok());
  token.role = Role::kViewer;
  REQUIRE(f.store->tokens.add(hash_of("viewer"), token).ok());

  const Uuid fresh = Uuid::random();
  const auto ask = [&](const std::string& secret, const Uuid& node, const std::string& peer = "") {
    return enroll(*f.store, {secret, node, "host", "0.1"}, peer, kNow);
  };
  const auto first = ask("once", fresh);
  REQUIRE(first.ok());
  CHECK(first->response.cloud == "nhn");
  CHECK(first->response.credential.size() == 64);
  CHECK_FALSE(ask("once", Uuid::random()).ok());
  CHECK_FALSE(ask("viewer", Uuid::random()).ok());
  CHECK_FALSE(ask("often", f.uuid).ok());  // that node is of cloud kt
  CHECK_FALSE(ask("often", fresh, "farmhand:node:" + f.uuid.text()).ok());
  const auto again = ask("often", fresh);
  REQUIRE(again.ok());
  CHECK_FALSE(
      (*f.store->nodes.find_by_credential(hash_of(first->response.credential))).has_value());
  CHECK((*f.store->nodes.find_by_credential(hash_of(again->response.credential)))->uuid == fresh);
}

TEST_CASE("an expired or revoked token is no token") {
  StoreFixture f;
  TokenRow token;
  token.expires_ns = kNow;
  REQUIRE(f.store->tokens.add(hash_of("old"), token).ok());
  token.expires_ns = 0;
  const auto id = f.store->tokens.add(hash_of("good"), token);
  CHECK_FALSE((*f.store->tokens.find(hash_of("old"), kNow)).has_value());
  CHECK((*f.store->tokens.find(hash_of("good"), kNow)).has_value());
  CHECK(*f.store->tokens.revoke(*id));
  CHECK_FALSE((*f.store->tokens.find(hash_of("good"), kNow)).has_value());
}

TEST_CASE("a node speaks for its own commands only") {
  StoreFixture f;
  const int64_t other = f.enroll(Uuid::random(), "nhn", {"sapeon"});
  CommandRow command;
  command.uuid = Uuid::random();
  command.node_id = f.node;
  command.partition = "kt-rebellions";
  REQUIRE(f.store->commands.add(command));
  CHECK(f.store->commands.add(command).error().code == Errc::kExists);

  wire::CommandResult result;
  result.command_uuid = command.uuid;
  result.status = wire::CommandStatus::kOk;
  NodeLane foreign;
  foreign.lane = 0;
  f.put({foreign.records({result})}, other);
  REQUIRE(f.store->commands.set_acked(other, command.uuid));
  CHECK((*f.store->commands.find(kAll, command.uuid))->state == "pending");
  NodeLane own;
  own.lane = 0;
  f.put({own.records({result})});
  CHECK((*f.store->commands.find(kAll, command.uuid))->state == "ok");
  CHECK_FALSE((*f.store->commands.find({Role::kAdmin, "nhn-sapeon"}, command.uuid)).has_value());
}

TEST_CASE("the archive keeps the newest segments of a lane, up to its bound") {
  StoreFixture f;
  f.store->lanes.set_archive_limits({10'000, 10'000, 10'000, 10'000, 10'000});
  NodeLane lane;
  for (int i = 0; i < 50; ++i) CHECK(f.put({lane.events(10)}).refusal.empty());
  CHECK(f.report().ok());
  CHECK(*f.store->lanes.archived_bytes(1) <= 10'000);
  CHECK(*f.store->lanes.archived_bytes(1) > 5'000);
}

TEST_CASE("a transition moves the present verdict and the history, and a duplicate neither") {
  StoreFixture f;
  NodeLane lane;
  const auto failed = transition("r0", wire::Verdict::kFail, 5);
  const auto well = transition("r0", wire::Verdict::kOk, 9);
  f.put({lane.records({failed}), lane.records({well})});
  NodeLane again;  // the same records in a new epoch, as after a loss of the queue
  again.epoch = {2, {2}};
  f.put({again.records({failed})});
  REQUIRE(history_of(f).size() == 2);
  CHECK(history_of(f)[0].check.since_ns == kNow + 9);
  const auto checks = *f.store->health.checks(kAll);
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].verdict == wire::Verdict::kOk);
  CHECK(says(json_of_history(history_of(f)), "\"name\":\"errors\",\"value\":2"));
}

TEST_CASE("a duplicate that a full history has forgotten still has no effect") {
  StoreFixture f;
  f.store->health.set_history_max(3);
  NodeLane lane;
  const auto first = transition("r0", wire::Verdict::kFail, 1);
  f.put({lane.records({first})});
  for (uint64_t i = 2; i <= 6; ++i)
    f.put({lane.records({transition("r0", wire::Verdict::kOk, i)})});
  CHECK(history_of(f).size() == 3);
  NodeLane again;
  again.epoch = {2, {2}};
  f.put({again.records({first})});
  CHECK(history_of(f).size() == 3);
  CHECK((*f.store->health.checks(kAll))[0].verdict == wire::Verdict::kOk);
}

TEST_CASE("health is seen by its partition, that of the node by each of them") {
  StoreFixture f;
  const Scope ours{Role::kViewer, "kt-rebellions"};
  const Scope foreign{Role::kViewer, "nhn-sapeon"};
  NodeLane inventories;
  inventories.lane = 2;
  f.put({inventories.records({inventory({device("r0", "rebellions"), device("f0", "furiosa")})})});
  NodeLane lane;
  f.put({lane.records({transition("r0", wire::Verdict::kFail), transition("", wire::Verdict::kWarn),
                       transition("f0", wire::Verdict::kFail),
                       transition("nobody", wire::Verdict::kFail)})});
  CHECK(history_of(f).size() == 4);
  CHECK(history_of(f, ours).size() == 2);
  CHECK(history_of(f, foreign).empty());
  CHECK(f.store->health.checks(ours)->size() == 2);
  CHECK(f.store->health.checks(foreign)->empty());
  CHECK(history_of(f, kAll, {.node = f.uuid.text(), .device = "r0"}).size() == 1);
  CHECK(history_of(f, kAll, {.node = "another", .device = ""}).empty());
  CHECK(health_of(f, {f.node}, foreign).find("r0") == std::string::npos);
}

TEST_CASE("the fleet's health counts by verdict, and says what needs attention and why") {
  StoreFixture f;
  NodeLane inventories;
  inventories.lane = 2;
  wire::Device well = device("r0", "rebellions");
  well.verdict = wire::Verdict::kOk;
  wire::Device held = device("r1", "rebellions");
  held.verdict = wire::Verdict::kOk;
  held.hold = wire::HoldKind::kCordoned;
  held.hold_why = "new riser";
  held.hold_by = "ann";
  f.put({inventories.records(
      {inventory({well, held, device("r2", "rebellions"), device("r3", "rebellions")})})});
  NodeLane lane;
  f.put({lane.records({transition("r2", wire::Verdict::kFail, 1),
                       transition("r2", wire::Verdict::kOk, 2),
                       transition("r2", wire::Verdict::kFail, 3)})});
  const std::string health = health_of(f, {f.node});
  CHECK(says(health, "\"devices\":{\"ok\":2,\"warn\":0,\"fail\":1,\"unknown\":1},\"held\":1"));
  CHECK(says(health, "\"verdict\":\"fail\""));
  CHECK(says(health, "\"reason\":\"memory.uncorrected\""));
  CHECK(says(health, "\"action\":\"Drain the device and reset it.\""));
  CHECK(says(health, "\"why\":\"new riser\",\"who\":\"ann\""));
  CHECK(says(health, "\"sentence\":\"no check has spoken of it yet\""));
  CHECK(says(health, "\"failures\":2"));
  CHECK(health.find("\"device\":\"r0\"") == std::string::npos);
}

TEST_CASE("a node that is not connected is unknown, and so are its devices, whatever they were") {
  StoreFixture f;
  NodeLane inventories;
  inventories.lane = 2;
  wire::Device well = device("r0", "rebellions");
  well.verdict = wire::Verdict::kOk;
  f.put({inventories.records({inventory({well})})});
  const std::string away = health_of(f, {});
  CHECK(says(away, "{\"ok\":0,\"warn\":0,\"fail\":0,\"unknown\":1}"));
  CHECK(says(away, "\"last_verdict\":\"ok\""));
  CHECK(says(away, "the node is not connected"));
  CHECK(says(json_of_devices(*f.store->fleet.devices(kAll), {}), "\"verdict\":\"unknown\""));
}
