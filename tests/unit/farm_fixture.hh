// SPDX-License-Identifier: Apache-2.0
// A coordinator and nodes on one loop, over TLS on loopback.
#pragma once

#include <doctest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/file.hh"
#include "certificates.hh"
#include "coordinator/coordinator.hh"
#include "loop/timer.hh"
#include "net/http_client.hh"
#include "outbox/outbox.hh"
#include "store/state.hh"
#include "sync/commands.hh"
#include "sync/convert.hh"
#include "sync/enroll.hh"
#include "sync/uplink.hh"
#include "temporary_directory.hh"
#include "wire/record.hh"

namespace farmhand {

inline const Certificates& pki() {
  static const auto* made = [] {
    static Certificates certificates;
    certificates.make_ca("ca");
    certificates.issue("server", "ca", "DNS:localhost,IP:127.0.0.1");
    return &certificates;
  }();
  return *made;
}

struct Farm {
  TemporaryDirectory dir;
  SystemClock clock;
  Loop loop;
  std::unique_ptr<net::Context> net, coordinator_net;
  std::unique_ptr<coordinator::Coordinator> coordinator;
  uint16_t port = 0;

  Farm() {
    auto made = net::Context::create(loop);
    REQUIRE(made);
    net = std::move(*made);
  }

  std::string state_dir() const { return dir.file("coordinator"); }

  // Tokens are made while nobody serves the store.
  void add_token(const std::string& secret, const coordinator::TokenRow& token) {
    REQUIRE(make_directories(state_dir()));
    auto store = coordinator::Store::open(coordinator::store_path(state_dir()));
    REQUIRE(store);
    REQUIRE((*store)->tokens.add(coordinator::hash_of(secret), token));
  }
  void add_join_token(const std::string& secret, const std::string& cloud,
                      const std::string& vendor) {
    coordinator::TokenRow token;
    token.role = coordinator::Role::kJoin;
    token.cloud = cloud;
    token.vendors = {vendor};
    add_token(secret, token);
  }
  void add_reader(const std::string& secret, const std::string& partition,
                  coordinator::Role role = coordinator::Role::kViewer) {
    coordinator::TokenRow token;
    token.role = role;
    token.partition = partition;
    add_token(secret, token);
  }

  void start() {
    coordinator::Coordinator::Options options;
    options.state_dir = state_dir();
    options.port = port;
    options.cert = pki().cert("server");
    options.key = pki().key("server");
    options.public_ca = pki().cert("ca");
    options.sessions.duplicate_ms = 300;
    auto made = net::Context::create(loop);  // of its own, as a process has
    REQUIRE(made);
    coordinator_net = std::move(*made);
    auto started = coordinator::Coordinator::start(loop, clock, *coordinator_net, options);
    REQUIRE_MESSAGE(started.ok(), started.error().message);
    coordinator = std::move(*started);
    port = coordinator->port();
  }
  void stop() {
    coordinator.reset();
    coordinator_net.reset();
  }

  // Turns the loop until `done`; false when that takes more than `ms`.
  bool until(const std::function<bool()>& done, uint64_t ms = 30'000) {
    bool late = false;
    Timer limit(loop);
    limit.once(ms, [&] { late = true; });
    while (!done() && !late) loop.run_once();
    return done();
  }

  net::HttpResponse ask(const std::string& method, const std::string& path,
                        const std::string& token, const std::string& body = "") {
    net::HttpRequest request;
    request.url = {.tls = true, .host = "localhost", .port = port, .path = path};
    request.address = "127.0.0.1";
    request.tls.ca_file = pki().cert("ca");
    request.method = method;
    request.body = body;
    if (!body.empty()) request.content_type = "application/x-protobuf";
    if (!token.empty()) request.headers = {{"authorization", "Bearer " + token}};
    std::optional<Result<net::HttpResponse>> response;
    auto sent = net::HttpClient::send(*net, request, [&](auto r) { response = std::move(r); });
    REQUIRE(sent);
    REQUIRE(until([&] { return response.has_value(); }));
    REQUIRE_MESSAGE(response->ok(), response->error().message);
    return **response;
  }

  coordinator::FarmReport report() {  // of a stopped coordinator
    auto store = coordinator::Store::open_to_read(coordinator::store_path(state_dir()));
    REQUIRE(store);
    auto report = coordinator::check_farm(**store);
    REQUIRE(report);
    return std::move(*report);
  }
};

struct Node {
  Farm& farm;
  std::string dir;
  Uuid uuid = Uuid::random();
  std::string boot_id = "boot-1";
  std::optional<StateFile> state;
  std::unique_ptr<StoreThread> store;
  std::unique_ptr<StateEpochStore> epochs;
  std::unique_ptr<Outbox> outbox;
  std::unique_ptr<Uplink> uplink;
  Credential credential;
  uint64_t enqueued = 0, durable = 0;

  Node(Farm& f, const std::string& name) : farm(f), dir(f.dir.file(name)) {
    REQUIRE(make_directories(dir));
    open();
  }
  ~Node() { close(); }

  void open() {
    auto file = StateFile::open(dir + "/state.db", {commands_module()});
    REQUIRE_MESSAGE(file.ok(), file.error().message);
    state.emplace(std::move(*file));
    store = std::make_unique<StoreThread>(farm.loop);
    epochs = std::make_unique<StateEpochStore>(*state);
    Outbox::Options options;
    options.path = dir + "/queue.db";
    options.size_max = 256 << 20;
    options.epochs = epochs.get();
    options.encoders = wire_encoders();
    outbox = std::make_unique<Outbox>(farm.loop, farm.clock, *store, options);
  }
  void close() {
    uplink.reset();
    outbox.reset();
    store.reset();
    epochs.reset();
    state.reset();
  }

  Result<Credential> try_enroll(const std::string& token) {
    std::optional<Result<Credential>> answer;
    Enrolment::Options options;
    options.url = "https://localhost:" + std::to_string(farm.port);
    options.ca_file = pki().cert("ca");
    options.join_token = token;
    options.node = uuid;
    options.hostname = "host";
    options.credential_path = dir + "/credential";
    Enrolment enrolment(farm.loop, *farm.net, *store, options,
                        [&](auto r) { answer = std::move(r); });
    REQUIRE(farm.until([&] { return answer.has_value(); }));
    if (*answer) credential = **answer;
    return *answer;
  }

  Uplink::Options uplink_options() const {
    Uplink::Options options;
    options.url = "wss://localhost:" + std::to_string(farm.port) + "/v1/sync";
    options.ca_file = pki().cert("ca");
    options.credential = credential.secret;
    options.node = uuid;
    options.boot_id = boot_id;
    options.hostname = "host";
    options.backoff_ms_min = 20;
    options.backoff_ms_max = 200;
    options.ping_ms = 100;
    options.batch_bytes_max = 64 << 10;
    return options;
  }
  void connect() {
    uplink = std::make_unique<Uplink>(farm.loop, farm.clock, *farm.net, *outbox, uplink_options());
    uplink->start();
  }
  bool live() const { return uplink && uplink->status().state == UplinkState::kLive; }

  void enqueue(size_t count, Lane lane = Lane::kHealth) {
    for (size_t i = 0; i < count; ++i) {
      wire::Event event;
      event.uuid = Uuid::random();
      event.sentence = "number " + std::to_string(++enqueued);
      CHECK(outbox->enqueue_durable(lane, wire::encode_record(event), [this](auto seq) {
        CHECK(seq.ok());
        ++durable;
      }));
    }
  }
  uint64_t depth(Lane lane = Lane::kHealth) const {
    return outbox->stats().lanes[index_of(lane)].depth;
  }
  bool drained() {
    return farm.until(
        [&] { return outbox->stats().writable && durable == enqueued && depth() == 0; });
  }
};

}  // namespace farmhand
