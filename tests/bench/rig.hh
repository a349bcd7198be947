// SPDX-License-Identifier: Apache-2.0
// What the benchmarks of the whole way share: a node with a real outbox, a coordinator in a process
// of its own, TLS between them, and events to send.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "../unit/certificates.hh"
#include "base/bytes.hh"
#include "base/log.hh"
#include "base/scheduling.hh"
#include "coordinator/coordinator.hh"
#include "latencies.hh"
#include "loop/wakeup.hh"
#include "outbox/outbox.hh"
#include "store/state.hh"
#include "sync/convert.hh"
#include "sync/uplink.hh"
#include "wire/record.hh"

namespace farmhand {

constexpr size_t kEventBytes = 256;

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "bench: %s\n", result.error().message.c_str());
  std::exit(1);
}
inline void must(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

// Letters that carry 6 random bits each, from one block that is used again at every offset.
inline std::string random_letters(size_t at, size_t count) {
  static const std::string block = [] {
    std::string bytes(1 << 20, 0);
    for (size_t i = 0; i < bytes.size(); i += 256)
      fill_random({reinterpret_cast<uint8_t*>(&bytes[i]), 256});
    for (char& c : bytes)
      c = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[c & 63];
    return bytes;
  }();
  return block.substr(at * 61 % (block.size() - count), count);
}

inline std::string event_number(uint64_t number) {
  wire::Event event;
  event.uuid = Uuid::random();
  event.boottime_ns = 1'000'000'000 + number;
  event.device_key = "card-" + std::to_string(number % 8);
  event.plugin = "sim";
  event.reason = "bench.event";
  event.sentence = "event " + std::to_string(number) + " ";
  event.attributes = {{"detail", random_letters(number, 128)}};
  const size_t without = wire::encode_record(event).size();
  if (without < kEventBytes) event.sentence.append(kEventBytes - without, '.');
  std::string record = wire::encode_record(event);
  while (record.size() > kEventBytes) {  // a length prefix grew by a byte
    event.sentence.pop_back();
    record = wire::encode_record(event);
  }
  return record;
}

struct Child {
  pid_t pid;
  uint16_t port;
};

// The coordinator, as `farmhand-coordinator serve` runs it.
[[noreturn]] inline void run_coordinator(const std::string& dir, const Certificates& certificates,
                                         int report_fd) {
  Loop loop;
  SystemClock clock;
  net::Context::Options net_options;
  net_options.connections_max = 0;
  net_options.buffer_bytes = 64 << 10;
  auto net = must(net::Context::create(loop, net_options));
  coordinator::Coordinator::Options options;
  options.state_dir = dir;
  options.port = 0;
  options.cert = certificates.cert("server");
  options.key = certificates.key("server");
  auto coordinator = must(coordinator::Coordinator::start(loop, clock, *net, options));
  const uint16_t port = coordinator->port();
  if (write(report_fd, &port, sizeof port) != sizeof port) std::exit(1);
  SignalWatch stop(loop, SIGTERM, [&] { loop.stop(); });
  loop.run();
  coordinator.reset();
  _exit(0);
}

inline Child start_coordinator(const std::string& dir, const Certificates& certificates) {
  int fds[2];
  if (pipe(fds) != 0) std::exit(1);
  const pid_t pid = fork();
  if (pid == 0) run_coordinator(dir, certificates, fds[1]);
  close(fds[1]);
  uint16_t port = 0;
  if (read(fds[0], &port, sizeof port) != sizeof port) std::exit(1);
  close(fds[0]);
  return {pid, port};
}

inline void enroll_offline(const std::string& dir, const Uuid& node, const std::string& secret) {
  must(make_directories(dir));
  auto store = must(coordinator::Store::open(coordinator::store_path(dir)));
  must(
      store->nodes.enroll({node, "bench", "0", "bench", {"sim"}, coordinator::hash_of(secret), 1}));
}

struct Node {
  Loop loop;
  SystemClock clock;
  std::unique_ptr<net::Context> net = must(net::Context::create(loop));
  StateFile state;
  StoreThread store{loop};
  StateEpochStore epochs{state};
  Outbox outbox;
  explicit Node(const std::string& dir)
      : state(must(StateFile::open(dir + "/state.db"))), outbox(loop, clock, store, options(dir)) {}

  Outbox::Options options(const std::string& dir) {
    Outbox::Options options;
    options.path = dir + "/queue.db";
    options.size_max = 16ull << 30;
    options.epochs = &epochs;
    options.encoders = wire_encoders();
    return options;
  }
  Uplink::Options uplink_options(const Uuid& id, const std::string& secret, uint16_t port,
                                 const std::string& ca) {
    Uplink::Options options;
    options.url = "wss://127.0.0.1:" + std::to_string(port) + "/v1/sync";
    options.ca_file = ca;
    options.credential = secret;
    options.node = id;
    options.boot_id = "bench";
    return options;
  }
  uint64_t depth() const { return outbox.stats().lanes[index_of(Lane::kHealth)].depth; }
};

}  // namespace farmhand
