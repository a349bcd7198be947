// SPDX-License-Identifier: Apache-2.0
// What a session must survive and the agent never does by itself: records that cannot be read or
// stored, records at the limit, a disk that went back. Each test ends with the ledger.
#include <algorithm>
#include <limits>

#include "farm_fixture.hh"

using namespace farmhand;

namespace {

// An enrolled node and a running coordinator.
struct Pair {
  Farm farm;
  std::unique_ptr<Node> node;

  Pair() {
    farm.add_join_token("join", "kt", "rebellions");
    farm.start();
    node = std::make_unique<Node>(farm, "node");
    const auto enrolled = node->try_enroll("join");
    REQUIRE_MESSAGE(enrolled.ok(), enrolled.error().message);
  }

  void put(Lane lane, std::string record) {
    ++node->enqueued;
    CHECK(node->outbox->enqueue_durable(lane, std::move(record), [this](auto seq) {
      CHECK(seq.ok());
      ++node->durable;
    }));
  }
  bool drained() {
    return farm.until([&] {
      const auto stats = node->outbox->stats();
      return node->durable == node->enqueued &&
             std::ranges::all_of(stats.lanes, [](const auto& lane) { return lane.depth == 0; });
    });
  }
  std::string evidence() const {
    auto file = read_file(node->dir + "/queue.refused", 4 << 20);
    return file ? *file : "";
  }
  coordinator::FarmReport final_report() {
    node.reset();
    farm.stop();
    return farm.report();
  }
};

uint64_t records_in(const coordinator::FarmReport& report, Lane lane) {
  uint64_t records = 0;
  for (const auto& one : report.lanes)
    if (one.lane == index_of(lane)) records += one.records;
  return records;
}

std::vector<coordinator::LedgerRow> gaps_in(const coordinator::FarmReport& report, Lane lane) {
  for (const auto& one : report.lanes)
    if (one.lane == index_of(lane)) return one.gaps;
  return {};
}

// An event whose record is exactly so many bytes, which are many.
std::string event_of(size_t bytes) {
  wire::Event event;
  event.uuid = Uuid::random();
  event.sentence = std::string(bytes - 64, 'x');
  const size_t rest = wire::encode_record(event).size() - event.sentence.size();
  event.sentence.resize(bytes - rest, 'x');
  return wire::encode_record(event);
}

}  // namespace

TEST_CASE("a record that cannot be read becomes a gap after five tries, and its lane goes on") {
  Pair pair;
  pair.node->connect();
  pair.node->enqueue(3);
  pair.put(Lane::kHealth, "\xff\xff\xff not a record");
  pair.node->enqueue(3);
  REQUIRE(pair.drained());
  CHECK(pair.node->uplink->status().nacks == 5);
  CHECK(pair.evidence().starts_with("health 4 16 "));
  CHECK(pair.evidence().find("\xff\xff\xff not a record") != std::string::npos);

  const auto report = pair.final_report();
  CHECK(report.ok());
  CHECK(records_in(report, Lane::kHealth) == 6);
  const auto gaps = gaps_in(report, Lane::kHealth);
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].from == 4);
  CHECK(gaps[0].to == 4);
  CHECK(coordinator::text_from(report).find("gap 4 poison, 16 bytes") != std::string::npos);
}

TEST_CASE("a record that can be read and not be stored becomes a gap, and its lane goes on") {
  Pair pair;
  wire::Inventory good, bad;
  good.devices.emplace_back();
  good.devices[0].key = "npu0";
  bad.devices = good.devices;
  bad.devices[0].peaks = {{"fp8", std::numeric_limits<double>::quiet_NaN(), "datasheet"}};
  pair.put(Lane::kInventory, wire::encode_record(good));
  pair.put(Lane::kInventory, wire::encode_record(bad));
  pair.node->connect();
  REQUIRE(pair.drained());
  pair.put(Lane::kInventory, wire::encode_record(good));
  REQUIRE(pair.drained());
  CHECK(pair.evidence().starts_with("inventory 2 "));

  const auto report = pair.final_report();
  CHECK(report.ok());
  CHECK(records_in(report, Lane::kInventory) == 2);
  const auto gaps = gaps_in(report, Lane::kInventory);
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].from == 2);
  CHECK(gaps[0].reason == wire::GapReason::kPoison);
}

TEST_CASE("a record of 1 MiB arrives, and one byte more is refused where it is made") {
  Pair pair;
  pair.node->connect();
  const std::string largest = event_of(kRecordBytesMax);
  REQUIRE(largest.size() == kRecordBytesMax);
  pair.put(Lane::kHealth, largest);
  const auto refused = pair.node->outbox->enqueue_durable(Lane::kHealth, largest + "x");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::kInvalid);
  CHECK(refused.error().message.find("split it") != std::string::npos);
  pair.node->enqueue(1);
  REQUIRE(pair.drained());
  CHECK(pair.node->uplink->status().nacks == 0);
  const auto report = pair.final_report();
  CHECK(report.ok());
  CHECK(records_in(report, Lane::kHealth) == 2);
}

TEST_CASE("a disk that went back and produced past its old end loses nothing of what it has") {
  Pair pair;
  const auto go = [&](size_t count) {
    pair.node->open();
    pair.node->enqueue(count);
    CHECK(pair.farm.until([&] { return pair.node->durable == pair.node->enqueued; }));
    pair.node->connect();
    CHECK(pair.drained());
    pair.node->close();
  };
  pair.node->close();
  go(10);
  const std::string backup = pair.farm.dir.file("backup");
  std::filesystem::copy(pair.node->dir, backup, std::filesystem::copy_options::recursive);
  go(5);
  std::filesystem::remove_all(pair.node->dir);
  std::filesystem::copy(backup, pair.node->dir, std::filesystem::copy_options::recursive);
  go(20);

  const auto report = pair.final_report();
  CHECK_MESSAGE(report.ok(), coordinator::text_from(report));
  CHECK(records_in(report, Lane::kHealth) == 35);
}

TEST_CASE("a coordinator that welcomes a node and then fails is asked less and less often") {
  Farm farm;
  net::Server::Options options;
  options.tls = net::ServerTls{pki().cert("server"), pki().key("server"), ""};
  auto server = net::Server::listen(*farm.net, options);
  REQUIRE(server);
  farm.port = (*server)->port();
  std::optional<net::WsPeer> peer;
  (*server)->websocket("/v1/sync", {nullptr, [&](const net::Request&, net::WsPeer opened) {
                                      peer.emplace(std::move(opened));
                                      peer->on_message([&](const std::string& bytes) {
                                        wire::CoordinatorMessage answer = wire::Welcome{{}, 1};
                                        if (std::holds_alternative<wire::Segments>(
                                                *wire::decode_node_message(bytes)))
                                          answer = wire::Refused{"out_of_place", "as ever"};
                                        CHECK(peer->send(wire::encode_coordinator_message(answer)));
                                      });
                                    }});
  Node node(farm, "node");
  node.credential.secret = "any";
  node.enqueue(1);
  CHECK(farm.until([&] { return node.durable == 1; }));
  node.connect();
  farm.loop.run_for_ms(1'500);
  // 20, 40, 80, 160 ms, then 200 each, with jitter; without the rule it would be some fifty.
  CHECK(node.uplink->status().sessions >= 4);
  CHECK(node.uplink->status().sessions <= 20);
  node.close();
  peer.reset();
  server->reset();
}
