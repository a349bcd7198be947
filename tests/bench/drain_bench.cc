// SPDX-License-Identifier: Apache-2.0
// How fast a backlog leaves a node: distinct 256-byte events of lane 1, accepted singly by a real
// outbox, then drained over TLS on loopback into a coordinator in a process of its own, until its
// ledger has committed them. Plain SQLite is measured in the same run, on the same disk, with the
// same durability. `drain_bench [events] [directory]`
#include <sys/resource.h>

#include "machine.hh"
#include "rig.hh"
#include "store/statement.hh"

using namespace farmhand;

namespace {

double cpu_s(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

void fill(Node& node, uint64_t events) {
  uint64_t durable = 0;
  for (uint64_t sent = 0; sent < events;) {
    if (node.outbox.enqueue_durable(Lane::kHealth, event_number(sent),
                                    [&](Result<uint64_t> seq) { durable += seq.ok(); }))
      ++sent;
    else
      node.loop.run_once();
  }
  while (durable < events) node.loop.run_once();
}

double drain(Node& node, const Uuid& id, const std::string& secret, uint16_t port,
             const std::string& ca) {
  Uplink uplink(node.loop, node.clock, *node.net, node.outbox,
                node.uplink_options(id, secret, port, ca));
  const Stopwatch all;
  uplink.start();
  while (node.depth() > 0) {
    node.loop.run_once();
    if (!uplink.status().last_error.empty())
      must(Error{Errc::kInternal, uplink.status().last_error});
  }
  return all.seconds();
}

double plain_sqlite(const std::string& path, uint64_t rows, uint64_t per_commit) {
  auto db = must(sqlite::Database::open(path, {}));
  must(db.exec("CREATE TABLE IF NOT EXISTS event(id INTEGER PRIMARY KEY, record BLOB NOT NULL)"));
  auto insert = must(sqlite::Statement::prepare(db, "INSERT INTO event(record) VALUES (?)"));
  const std::string record = event_number(1);
  const Stopwatch all;
  for (uint64_t done = 0; done < rows; done += per_commit) {
    auto transaction = must(sqlite::Transaction::begin(db));
    for (uint64_t i = 0; i < per_commit; ++i) must(sqlite::Query(insert).bind_blob(record).run());
    must(transaction.commit());
  }
  return static_cast<double>(rows) / all.seconds();
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  std::string dir = (argc > 2 ? std::string(argv[2]) : "/var/tmp") + "/farmhand-drain-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) return 1;
  signal(SIGPIPE, SIG_IGN);
  log::set_level(log::Level::kWarn);
  print_machine(dir);
  ask_for_short_turns();  // as farmhandd does; SQLite's rows have it too

  Certificates certificates;
  certificates.make_ca("ca");
  certificates.issue("server", "ca", "IP:127.0.0.1");
  const Uuid id = Uuid::random();
  const std::string secret = coordinator::new_secret();
  enroll_offline(dir + "/coordinator", id, secret);
  const Child child = start_coordinator(dir + "/coordinator", certificates);
  double draining = 0, node_cpu = 0;
  {
    Node node(dir);
    fill(node, events);
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
  std::printf("%-44s %12.0f events/s  aim 200000\n", "drain until the ledger has committed",
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
