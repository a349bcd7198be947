// SPDX-License-Identifier: Apache-2.0
// How fast a backlog leaves a node: distinct 256-byte events of lane 1, accepted singly by a real
// outbox, then drained over TLS on loopback into a coordinator in a process of its own, until its
// ledger has committed them. Plain SQLite is measured in the same run, on the same disk, with the
// same durability. `drain_bench [events] [directory]`
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "../unit/certificates.hh"
#include "base/bytes.hh"
#include "base/log.hh"
#include "coordinator/coordinator.hh"
#include "loop/wakeup.hh"
#include "outbox/outbox.hh"
#include "store/state.hh"
#include "sync/convert.hh"
#include "sync/uplink.hh"
#include "wire/record.hh"

using namespace farmhand;

namespace {

constexpr size_t kEventBytes = 256;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_s(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "drain_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}
void must(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "drain_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

// Letters that carry 6 random bits each, from one block that is used again at every offset.
std::string random_letters(size_t at, size_t count) {
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

std::string event_number(uint64_t number) {
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
[[noreturn]] void run_coordinator(const std::string& dir, const Certificates& certificates,
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

Child start_coordinator(const std::string& dir, const Certificates& certificates) {
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

void enroll_offline(const std::string& dir, const Uuid& node, const std::string& secret) {
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
  Node(const std::string& dir)
      : state(must(StateFile::open(dir + "/state.db"))), outbox(loop, clock, store, options(dir)) {}

  Outbox::Options options(const std::string& dir) {
    Outbox::Options options;
    options.path = dir + "/queue.db";
    options.size_max = 16ull << 30;
    options.epochs = &epochs;
    options.encoders = wire_encoders();
    return options;
  }
  uint64_t depth() const { return outbox.stats().lanes[index_of(Lane::kHealth)].depth; }
};

double fill(Node& node, uint64_t events) {
  uint64_t durable = 0;
  double generating = 0;
  const double begun = now_s();
  for (uint64_t sent = 0; sent < events;) {
    const double before = now_s();
    std::string record = event_number(sent);
    generating += now_s() - before;
    if (node.outbox.enqueue_durable(Lane::kHealth, std::move(record),
                                    [&](Result<uint64_t> seq) { durable += seq.ok(); }))
      ++sent;
    else
      node.loop.run_once();
  }
  while (durable < events) node.loop.run_once();
  return now_s() - begun - generating;
}

double drain(Node& node, const Uuid& id, const std::string& secret, uint16_t port,
             const std::string& ca) {
  Uplink::Options options;
  options.url = "wss://127.0.0.1:" + std::to_string(port) + "/v1/sync";
  options.ca_file = ca;
  options.credential = secret;
  options.node = id;
  options.boot_id = "bench";
  Uplink uplink(node.loop, node.clock, *node.net, node.outbox, options);
  const double begun = now_s();
  uplink.start();
  while (node.depth() > 0) {
    node.loop.run_once();
    if (!uplink.status().last_error.empty())
      must(Error{Errc::kInternal, uplink.status().last_error});
  }
  return now_s() - begun;
}

double plain_sqlite(const std::string& path, uint64_t rows, uint64_t per_commit) {
  auto db = must(sqlite::Database::open(path, {}));
  must(db.exec("CREATE TABLE IF NOT EXISTS event(id INTEGER PRIMARY KEY, record BLOB NOT NULL)"));
  auto insert = must(sqlite::Statement::prepare(db, "INSERT INTO event(record) VALUES (?)"));
  const std::string record = event_number(1);
  const double begun = now_s();
  for (uint64_t done = 0; done < rows; done += per_commit) {
    auto transaction = must(sqlite::Transaction::begin(db));
    for (uint64_t i = 0; i < per_commit; ++i) must(sqlite::Query(insert).bind_blob(record).run());
    must(transaction.commit());
  }
  return static_cast<double>(rows) / (now_s() - begun);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  std::string dir = (argc > 2 ? std::string(argv[2]) : "/var/tmp") + "/farmhand-drain-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) return 1;
  signal(SIGPIPE, SIG_IGN);
  log::set_level(log::Level::kWarn);

  Certificates certificates;
  certificates.make_ca("ca");
  certificates.issue("server", "ca", "IP:127.0.0.1");
  const Uuid id = Uuid::random();
  const std::string secret = coordinator::new_secret();
  enroll_offline(dir + "/coordinator", id, secret);
  const Child child = start_coordinator(dir + "/coordinator", certificates);
  double filling = 0, draining = 0, node_cpu = 0;
  {
    Node node(dir);
    filling = fill(node, events);
    node_cpu = cpu_s(RUSAGE_SELF);
    draining = drain(node, id, secret, child.port, certificates.cert("ca"));
    node_cpu = cpu_s(RUSAGE_SELF) - node_cpu;
  }
  kill(child.pid, SIGTERM);
  waitpid(child.pid, nullptr, 0);
  const double coordinator_cpu = cpu_s(RUSAGE_CHILDREN);

  auto store =
      must(coordinator::Store::open_to_read(coordinator::store_path(dir + "/coordinator")));
  const auto report = must(coordinator::check_farm(*store));
  uint64_t records = 0;
  for (const auto& lane : report.lanes)
    if (lane.lane == 1) records += lane.records;
  store.reset();

  const double singly = plain_sqlite(dir + "/singly.db", 2'000, 1);
  const double grouped = plain_sqlite(dir + "/grouped.db", 200'000, 1'000);
  const auto n = static_cast<double>(events);
  std::printf("events %llu of %zu bytes, one lane, %ld processors\n",
              static_cast<unsigned long long>(events), kEventBytes, sysconf(_SC_NPROCESSORS_ONLN));
  std::printf("%-44s %12.0f events/s\n", "durable enqueue, singly accepted", n / filling);
  std::printf("%-44s %12.0f events/s  target 200000\n", "drain until the ledger has committed",
              n / draining);
  std::printf("%-44s %12.2f s node, %.2f s coordinator\n", "processor time of the drain", node_cpu,
              coordinator_cpu);
  std::printf("%-44s %12.0f rows/s\n", "plain SQLite, a commit each", singly);
  std::printf("%-44s %12.0f rows/s\n", "plain SQLite, 1000 a commit", grouped);
  std::printf("%-44s %12llu of %llu, %s\n", "ledger of lane 1",
              static_cast<unsigned long long>(records), static_cast<unsigned long long>(events),
              report.ok() ? "covered exactly once" : "NOT covered");
  std::filesystem::remove_all(dir);
  return report.ok() && records == events ? 0 : 1;
}
