// SPDX-License-Identifier: Apache-2.0
// Node and coordinator over TLS on loopback. Each test ends by destroying its Loop, which aborts if
// a handle was left open.
#include <sys/stat.h>

#include "base/signature.hh"
#include "coordinator/api.hh"
#include "farm_fixture.hh"

using namespace farmhand;

namespace {

// An enrolled node and a running coordinator.
struct Pair {
  Farm farm;
  std::unique_ptr<Node> node;

  Pair() {
    farm.add_join_token("join", "kt", "rebellions");
    farm.add_reader("all", "");
    farm.add_reader("foreign", "nhn-sapeon", coordinator::Role::kOperator);
    farm.add_reader("operator", "kt-rebellions", coordinator::Role::kOperator);
    farm.start();
    node = std::make_unique<Node>(farm, "node");
    const auto enrolled = node->try_enroll("join");
    REQUIRE_MESSAGE(enrolled.ok(), enrolled.error().message);
  }

  coordinator::FarmReport final_report() {
    node.reset();
    farm.stop();
    return farm.report();
  }
};

uint64_t records_in(const coordinator::FarmReport& report, uint8_t lane) {
  uint64_t records = 0;
  for (const auto& one : report.lanes)
    if (one.lane == lane) records += one.records;
  return records;
}

}  // namespace

TEST_CASE("a node enrolls once with a token, and its credential is its own") {
  Pair pair;
  struct stat info {};
  REQUIRE(stat((pair.node->dir + "/credential").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  const auto loaded = load_credential(pair.node->dir + "/credential");
  REQUIRE(loaded.ok());
  REQUIRE(loaded->has_value());
  CHECK((*loaded)->secret == pair.node->credential.secret);
  CHECK(partitions_of(**loaded) == std::vector<std::string>{"kt-rebellions"});
  CHECK((*loaded)->url == "wss://localhost:" + std::to_string(pair.farm.port) + "/v1/sync");

  Node stranger(pair.farm, "stranger");
  const auto refused = stranger.try_enroll("not a token");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Errc::kPermission);
  CHECK(refused.error().message.find("join token") != std::string::npos);
}

TEST_CASE("a vendor without a name is none, and gives no partition") {
  TemporaryDirectory dir;
  REQUIRE(
      write_file_atomically(dir.file("credential"), "secret=s\ncloud=kt\nvendors=,a,,\n", 0600));
  const auto loaded = load_credential(dir.file("credential"));
  REQUIRE(loaded);
  CHECK(partitions_of(**loaded) == std::vector<std::string>{"kt-a"});
}

TEST_CASE("a coordinator may be named in any of the usual ways") {
  for (const char* address : {"farm:7443", "https://farm:7443", "wss://farm:7443/v1/sync"})
    CHECK(*sync_url_from(address) == "wss://farm:7443/v1/sync");
  for (const char* address : {"", "http://farm", "https://", "ftp://farm"})
    CHECK_FALSE(sync_url_from(address).ok());
}

TEST_CASE("what is enqueued arrives exactly once, and the ledger proves it") {
  Pair pair;
  pair.node->enqueue(2'000);
  pair.node->connect();
  CHECK(pair.node->drained());
  pair.node->enqueue(500);
  pair.node->enqueue(10, Lane::kResults);
  CHECK(pair.node->drained());
  CHECK(pair.farm.until([&] { return pair.node->depth(Lane::kResults) == 0; }));
  CHECK(pair.node->uplink->status().last_error.empty());
  const auto report = pair.final_report();
  CHECK(report.ok());
  CHECK(records_in(report, 1) == 2'500);
}

TEST_CASE("a coordinator that goes away and comes back misses nothing") {
  Pair pair;
  pair.node->connect();
  pair.node->enqueue(300);
  CHECK(pair.node->drained());
  for (int round = 0; round < 3; ++round) {
    pair.node->enqueue(300);
    pair.farm.stop();
    pair.node->enqueue(300);
    CHECK(pair.farm.until(
        [&] { return pair.node->uplink->status().state == UplinkState::kWaiting; }));
    CHECK_FALSE(pair.node->uplink->status().last_error.empty());
    pair.farm.start();
    CHECK(pair.farm.until([&] { return pair.node->live(); }));
  }
  CHECK(pair.node->drained());
  CHECK(pair.node->uplink->status().sessions >= 4);
  const auto report = pair.final_report();
  CHECK(report.ok());
  CHECK(records_in(report, 1) == 300 + 3 * 600);
}

TEST_CASE("a coordinator restored from an old backup ends equal to one that never failed") {
  Pair pair;
  pair.node->connect();
  pair.node->enqueue(200);
  CHECK(pair.node->drained());
  pair.farm.stop();
  const std::string db = coordinator::store_path(pair.farm.state_dir());
  std::filesystem::copy_file(db, db + ".backup");
  pair.farm.start();
  pair.node->enqueue(700);
  CHECK(pair.node->drained());

  pair.farm.stop();
  std::filesystem::copy_file(db + ".backup", db, std::filesystem::copy_options::overwrite_existing);
  pair.farm.start();
  CHECK(pair.farm.until([&] { return pair.node->live(); }));
  pair.node->enqueue(100);
  CHECK(pair.farm.until([&] {
    return pair.farm.ask("GET", "/v1/verify?format=text", "all")
               .body.find("lane health: 1000 records") != std::string::npos;
  }));
  const auto report = pair.final_report();
  CHECK(report.ok());
  CHECK(records_in(report, 1) == 1'000);
}

TEST_CASE("a restarted agent goes on where it was") {
  Pair pair;
  pair.node->connect();
  for (int round = 0; round < 3; ++round) {
    pair.node->enqueue(200);
    CHECK(pair.farm.until([&] { return pair.node->durable == pair.node->enqueued; }));
    pair.node->close();
    pair.node->open();
    pair.node->connect();
  }
  CHECK(pair.node->drained());
  const auto report = pair.final_report();
  CHECK(report.ok());
  CHECK(records_in(report, 1) == 600);
}

TEST_CASE("a second machine with one identity is refused, and the first goes on") {
  Pair pair;
  pair.node->connect();
  CHECK(pair.farm.until([&] { return pair.node->live(); }));
  Node clone(pair.farm, "clone");
  clone.uuid = pair.node->uuid;
  clone.boot_id = "boot-2";
  clone.credential = pair.node->credential;
  clone.connect();
  CHECK(pair.farm.until([&] { return clone.uplink->status().state == UplinkState::kRefused; }));
  CHECK(clone.uplink->status().last_error.find("duplicate_node") != std::string::npos);
  CHECK(pair.node->live());

  // Also when the first is away: which of the two is the node is for a person to say.
  pair.node->uplink->stop();
  pair.farm.loop.run_for_ms(300);
  clone.connect();
  CHECK(pair.farm.until([&] { return clone.uplink->status().state == UplinkState::kRefused; }));
  const auto anew = clone.try_enroll("join");
  REQUIRE(anew.ok());
  clone.uplink->set_credential(anew->secret);
  CHECK(pair.farm.until([&] { return clone.live(); }));
}

TEST_CASE("a node cannot speak for another, nor without a credential") {
  Pair pair;
  Node other(pair.farm, "other");
  other.credential = pair.node->credential;
  other.connect();
  CHECK(pair.farm.until([&] { return other.uplink->status().state == UplinkState::kRefused; }));
  CHECK(other.uplink->status().last_error.find("wrong_node") != std::string::npos);

  other.credential.secret = "nonsense";
  other.connect();
  CHECK(pair.farm.until([&] { return other.uplink->status().state == UplinkState::kRefused; }));
  CHECK(other.uplink->status().last_error.find("enroll") != std::string::npos);
}

TEST_CASE("no route shows anything to a foreign token, and none answers without one") {
  Pair pair;
  pair.node->connect();
  wire::Inventory inventory;
  inventory.node.hostname = "secret-host";
  wire::Device device;
  device.key = "secret-device";
  device.plugin = "sim";
  device.vendor = "rebellions";
  device.peaks = {{"int8", 1024, "secret-source"}};
  inventory.devices = {device};
  const auto table =
      wire::make_metric_table("secret-device", "sim", {{"secret-metric", "", "", 1, 0}});
  wire::Event event;
  event.device_key = "secret-device";
  event.plugin = "sim";
  event.sentence = "secret-event";
  wire::HealthTransition transition;
  transition.uuid = Uuid::random();
  transition.device_key = "secret-device";
  transition.check = "memory";
  transition.sentence = "secret-finding";
  for (const wire::Record& record :
       {wire::Record(inventory), wire::Record(table), wire::Record(transition),
        wire::Record(wire::Telemetry{table.table_id, {{0, 0, 1, 1}}}), wire::Record(event)}) {
    const bool health = std::holds_alternative<wire::Event>(record) ||
                        std::holds_alternative<wire::HealthTransition>(record);
    const Lane lane = health                                            ? Lane::kHealth
                      : std::holds_alternative<wire::Inventory>(record) ? Lane::kInventory
                                                                        : Lane::kTelemetry;
    CHECK(pair.node->outbox->enqueue_durable(lane, wire::encode_record(record)));
  }
  CHECK(pair.farm.until([&] {
    return pair.farm.ask("GET", "/v1/fleet/metrics", "all").body.find("secret-metric") !=
           std::string::npos;
  }));

  wire::Command command;
  command.uuid = Uuid::random();
  command.kind = "report_inventory";
  command.partition = "kt-rebellions";
  const std::string body =
      wire::encode_signed_command({wire::encode_command(command), "sig", "key"});
  const std::string to = "?node=" + pair.node->uuid.text();
  CHECK(pair.farm.ask("POST", "/v1/commands" + to, "operator", body).status == 200);

  for (const coordinator::Route& route : coordinator::routes()) {
    std::string path = route.prefix;
    if (path.ends_with("/")) path += command.uuid.text();
    path += to;
    const std::string sent = std::string(route.method) == "POST" ? body : "";
    CAPTURE(path);
    CHECK(pair.farm.ask(route.method, path, "", sent).status == 401);
    CHECK(pair.farm.ask(route.method, path, "join", sent).status == 401);
    CHECK(pair.farm.ask(route.method, path, "nonsense", sent).status == 401);
    const auto foreign = pair.farm.ask(route.method, path, "foreign", sent);
    CHECK(foreign.body.find("secret") == std::string::npos);
    CHECK(foreign.body.find(pair.node->uuid.text()) ==
          (foreign.status == 404 ? foreign.body.find(pair.node->uuid.text()) : std::string::npos));
    if (std::string(route.method) == "POST") CHECK(foreign.status >= 400);
  }
  CHECK(pair.farm.ask("GET", "/v1/fleet/devices", "all").body.find("secret-device") !=
        std::string::npos);
  CHECK(pair.farm.ask("GET", "/v1/fleet/health", "all").body.find("secret-event") !=
        std::string::npos);
  for (const char* path : {"/v1/fleet/health", "/v1/fleet/health/history"})
    CHECK(pair.farm.ask("GET", path, "all").body.find("secret-finding") != std::string::npos);
  CHECK(pair.farm.ask("GET", "/v1/fleet/health/history?since_s=soon", "all").status == 400);
}

TEST_CASE("a request without a body is acted upon once") {
  Farm farm;
  farm.add_reader("admin", "", coordinator::Role::kAdmin);
  farm.start();
  CHECK(farm.ask("POST", "/v1/tokens?role=operator", "admin").status == 200);
  const std::string list = farm.ask("GET", "/v1/tokens", "admin").body;
  const size_t first = list.find("\"operator\"");
  REQUIRE(first != std::string::npos);
  CHECK(list.find("\"operator\"", first + 1) == std::string::npos);
}

TEST_CASE("a signed command runs once, an unsigned one never, and both are reported") {
  Pair pair;
  const SigningKey key = SigningKey::generate();
  int runs = 0;
  const auto make_commands = [&] {
    auto commands = std::make_unique<Commands>(
        pair.farm.loop, pair.farm.clock, *pair.node->store, *pair.node->state, *pair.node->outbox,
        Commands::Options{{key.public_key().pem()}, partitions_of(pair.node->credential)});
    commands->handle("report_inventory", [&](const wire::Command&, Commands::Done done) {
      ++runs;
      done(std::string("done"));
    });
    commands->resume();
    return commands;
  };
  auto commands = make_commands();
  pair.node->connect();
  pair.node->uplink->on_command(
      [&](wire::SignedCommand c, std::function<void(wire::CommandAck)> ack) {
        commands->receive(std::move(c), std::move(ack));
      });

  const auto order = [&](const std::function<void(wire::Command&)>& change, bool sign = true) {
    wire::Command command;
    command.uuid = Uuid::random();
    command.kind = "report_inventory";
    command.partition = "kt-rebellions";
    command.not_after_realtime_ns = pair.farm.clock.realtime_ns() + 60'000'000'000;
    change(command);
    wire::SignedCommand proof{wire::encode_command(command), "", key.public_key().id()};
    proof.signature = sign ? key.sign(wire::bytes_to_sign(proof.payload)) : std::string(64, 'x');
    const auto reply = pair.farm.ask("POST", "/v1/commands?node=" + pair.node->uuid.text(),
                                     "operator", wire::encode_signed_command(proof));
    CHECK(reply.status == 200);
    const std::string path = "/v1/commands/" + command.uuid.text();
    std::string body;
    CHECK(pair.farm.until([&] {
      body = pair.farm.ask("GET", path, "operator").body;
      return body.find("\"finished\"") != std::string::npos;
    }));
    commands->receive(proof, [](wire::CommandAck) {});  // again: no effect
    return body;
  };
  CHECK(order([](wire::Command&) {}).find("\"state\":\"ok\",\"sentence\":\"done\"") !=
        std::string::npos);
  CHECK(runs == 1);
  CHECK(order([](wire::Command&) {}, false).find("no trusted key") != std::string::npos);
  CHECK(order([](wire::Command& c) { c.not_after_realtime_ns = 1; }).find("expired") !=
        std::string::npos);
  CHECK(order([](wire::Command& c) { c.kind = "dance"; }).find("unsupported") != std::string::npos);
  pair.node->connect();
  CHECK(pair.farm.until([&] { return pair.node->live(); }));
  CHECK(runs == 1);
  commands.reset();
}

TEST_CASE("a command that cannot be persisted waits, unacknowledged, and runs once when it can") {
  Pair pair;
  const SigningKey key = SigningKey::generate();
  const std::string dir = pair.node->dir + "/later";
  StateFile state = StateFile::closed(dir + "/state.db", {commands_module()});
  auto commands = std::make_unique<Commands>(
      pair.farm.loop, pair.farm.clock, *pair.node->store, state, *pair.node->outbox,
      Commands::Options{{key.public_key().pem()}, partitions_of(pair.node->credential)});
  int runs = 0, acknowledged = 0;
  commands->handle("report_inventory", [&](const wire::Command&, Commands::Done done) {
    ++runs;
    done(std::string("done"));
  });
  wire::Command command;
  command.uuid = Uuid::random();
  command.kind = "report_inventory";
  command.partition = "kt-rebellions";
  command.not_after_realtime_ns = pair.farm.clock.realtime_ns() + 60'000'000'000;
  wire::SignedCommand proof{wire::encode_command(command), "", key.public_key().id()};
  proof.signature = key.sign(wire::bytes_to_sign(proof.payload));
  const auto push = [&] { commands->receive(proof, [&](wire::CommandAck) { ++acknowledged; }); };
  push();
  pair.farm.loop.run_for_ms(100);
  push();  // the next session's
  CHECK(acknowledged == 0);
  CHECK(runs == 0);
  REQUIRE(make_directories(dir).ok());
  CHECK(pair.farm.until([&] { return acknowledged == 1 && runs == 1; }));
  pair.farm.loop.run_for_ms(1'200);
  CHECK(acknowledged == 1);
  CHECK(runs == 1);
  commands.reset();
  pair.node.reset();
}

TEST_CASE("repeated, stale and early acknowledgements delete nothing that was not applied") {
  Farm farm;
  net::Server::Options options;
  options.tls = net::ServerTls{pki().cert("server"), pki().key("server"), ""};
  auto server = net::Server::listen(*farm.net, options);
  REQUIRE(server);
  farm.port = (*server)->port();
  std::optional<net::WsPeer> peer;
  std::vector<wire::Segments> batches;
  int hellos = 0;
  const auto tell = [&](wire::CoordinatorMessage message) {
    CHECK(peer->send(wire::encode_coordinator_message(std::move(message))));
  };
  std::optional<wire::Watermark> applied;
  (*server)->websocket(
      "/v1/sync", {nullptr, [&](const net::Request&, net::WsPeer opened) {
                     peer.emplace(std::move(opened));
                     peer->on_message([&](std::string bytes) {
                       auto message = wire::decode_node_message(bytes);
                       CHECK(message.ok());
                       if (!message) return;
                       if (std::holds_alternative<wire::Hello>(*message)) {
                         ++hellos;
                         tell(wire::Welcome{
                             applied ? std::vector{*applied} : std::vector<wire::Watermark>{}, 1});
                       }
                       if (auto* segments = std::get_if<wire::Segments>(&*message))
                         if (segments->lane == 1) batches.push_back(std::move(*segments));
                     });
                   }});

  Node node(farm, "node");
  node.credential.secret = "any";
  node.enqueue(10);
  CHECK(farm.until([&] { return node.durable == 10; }));
  node.connect();
  REQUIRE(farm.until([&] { return batches.size() == 1; }));
  const wire::Segment& last = batches[0].segments.back();
  const wire::Watermark end{last.epoch, 1, last.to, last.chain};

  wire::Watermark stale = end;
  stale.seq = 0;
  tell(wire::Applied{stale});
  farm.loop.run_for_ms(50);
  CHECK(node.depth() == 10);
  tell(wire::Applied{end});
  tell(wire::Applied{end});
  CHECK(farm.until([&] { return node.depth() == 0; }));
  CHECK(node.uplink->status().sessions == 1);

  applied = end;
  node.enqueue(3);
  REQUIRE(farm.until([&] { return batches.size() == 2; }));
  wire::Watermark early = end;
  early.seq += 50;
  tell(wire::Applied{early});
  // The session ends, and what was not applied is sent again.
  REQUIRE(farm.until([&] { return hellos == 2 && batches.size() >= 3; }));
  CHECK(batches.back().segments.front().from == 11);
  CHECK(node.depth() == 3);
  node.close();
  peer.reset();
  server->reset();
}

TEST_CASE("a coordinator that does not answer the hello is given up after a while") {
  Farm farm;
  net::Server::Options options;
  options.tls = net::ServerTls{pki().cert("server"), pki().key("server"), ""};
  auto server = net::Server::listen(*farm.net, options);
  REQUIRE(server);
  farm.port = (*server)->port();
  std::vector<net::WsPeer> peers;
  (*server)->websocket("/v1/sync", {nullptr, [&](const net::Request&, net::WsPeer opened) {
                                      peers.push_back(std::move(opened));
                                    }});
  Node node(farm, "node");
  auto uplink_options = node.uplink_options();
  uplink_options.handshake_ms_max = 1'000;
  node.uplink =
      std::make_unique<Uplink>(farm.loop, farm.clock, *farm.net, *node.outbox, uplink_options);
  node.uplink->start();
  CHECK(farm.until([&] {
    return node.uplink->status().last_error.find("did not answer the hello") != std::string::npos;
  }));
  node.close();
  peers.clear();
  server->reset();
}
