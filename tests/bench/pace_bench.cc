// SPDX-License-Identifier: Apache-2.0
// What a producer waits for: 10 000 distinct 256-byte events a second, each accepted singly, from
// the enqueue to the callback that says it is on disk. With nothing at the other end, with a
// coordinator that applies them over TLS meanwhile, and with one that is stopped in the middle of
// it. The machine's own part stands above: a commit has one sync and two hand-overs between
// threads. `pace_bench [directory] [seconds]`
#include <netinet/in.h>
#include <sys/socket.h>

#include "loop/timer.hh"
#include "machine.hh"
#include "rig.hh"
#include "store/statement.hh"

using namespace farmhand;

namespace {

constexpr uint64_t kPerSecond = 10'000;
constexpr uint64_t kSettleMs = 5'000;  // an agent is not measured in its first seconds

void print_row(const std::string& what, double per_second, Latencies& latencies) {
  std::printf("%-46s %9.0f %9.2f %9.2f %9.2f\n", what.c_str(), per_second, latencies.at(0.5),
              latencies.at(0.99), latencies.at(1));
  std::fflush(stdout);
}

void plain_sqlite(const std::string& path, double seconds) {
  auto db = must(sqlite::Database::open(path, {.cache_kib = 2048}));
  must(db.exec("CREATE TABLE event(id INTEGER PRIMARY KEY, record BLOB NOT NULL)"));
  auto insert = must(sqlite::Statement::prepare(db, "INSERT INTO event(record) VALUES (?)"));
  Latencies latencies;
  const Stopwatch all;
  while (all.seconds() < seconds) {
    const std::string record = event_number(latencies.ms.size());
    const Stopwatch one;
    must(sqlite::Query(insert).bind_blob(record).run());
    latencies.add(one);
  }
  print_row("plain SQLite, a commit each, as fast as it goes",
            static_cast<double>(latencies.ms.size()) / all.seconds(), latencies);
}

// A port where nothing listens.
uint16_t dead_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size) != 0) std::exit(1);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0) std::exit(1);
  return ntohs(at.sin_port);
}

// Keeps the pace for a while; `halfway` is called in the middle. Events that were not accepted are
// counted as what they are.
void keep_pace(Node& node, const std::string& what, double seconds,
               const std::function<void()>& halfway) {
  Latencies latencies;
  uint64_t made = 0, refused = 0;
  const Stopwatch all;
  bool past_half = false;
  Timer tick(node.loop);
  tick.every(1, [&] {
    const double elapsed = all.seconds();
    if (elapsed > seconds) return tick.stop();
    if (elapsed > seconds / 2 && !std::exchange(past_half, true)) halfway();
    for (; made < static_cast<uint64_t>(elapsed * kPerSecond); ++made) {
      const Stopwatch one;
      auto taken = node.outbox.enqueue_durable(Lane::kHealth, event_number(made),
                                               [&latencies, &refused, one](Result<uint64_t> seq) {
                                                 if (seq) return latencies.add(one);
                                                 ++refused;
                                               });
      if (!taken) ++refused;
    }
  });
  while (tick.active() || latencies.ms.size() + refused < made) node.loop.run_once();
  print_row(what, static_cast<double>(latencies.ms.size()) / seconds, latencies);
  if (refused > 0) std::printf("  %llu were refused\n", static_cast<unsigned long long>(refused));
}

struct Farm {
  std::string dir;
  const Certificates& certificates;
  Uuid id = Uuid::random();
  std::string secret = coordinator::new_secret();

  Uplink::Options to(Node& node, uint16_t port) const {
    return node.uplink_options(id, secret, port, certificates.cert("ca"));
  }

  void with_nothing(double seconds) const {
    must(make_directories(dir + "/down"));
    Node node(dir + "/down");
    Uplink uplink(node.loop, node.clock, *node.net, node.outbox, to(node, dead_port()));
    uplink.start();
    node.loop.run_for_ms(kSettleMs);
    keep_pace(node, "uplink down", seconds, [] {});
  }

  void with_coordinator(const std::string& what, double seconds, bool freezes) const {
    const std::string place = dir + (freezes ? "/frozen" : "/up");
    must(make_directories(place));
    enroll_offline(place + "/coordinator", id, secret);
    const Child child = start_coordinator(place + "/coordinator", certificates);
    {
      Node node(place);
      Uplink uplink(node.loop, node.clock, *node.net, node.outbox, to(node, child.port));
      uplink.start();
      node.loop.run_for_ms(kSettleMs);
      if (uplink.status().state != UplinkState::kLive) {
        must(Error{Errc::kUnavailable, "no session: " + uplink.status().last_error});
      }
      keep_pace(node, what, seconds, [&] {
        if (freezes) kill(child.pid, SIGSTOP);
      });
    }
    kill(child.pid, SIGCONT);
    kill(child.pid, SIGTERM);
    waitpid(child.pid, nullptr, 0);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::string parent = argc > 1 ? argv[1] : "/var/tmp";
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 10;
  std::string dir = parent + "/farmhand-pace-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) return 1;
  signal(SIGPIPE, SIG_IGN);
  log::set_level(log::Level::kError);
  print_machine(dir);
  ask_for_short_turns();  // as farmhandd does; SQLite's rows have it too

  Certificates certificates;
  certificates.make_ca("ca");
  certificates.issue("server", "ca", "IP:127.0.0.1");
  const Farm farm{dir, certificates};
  std::printf("\n%-46s %9s %9s %9s %9s\n", "10 000 events/s of 256 bytes, singly", "events/s",
              "p50 ms", "p99 ms", "max ms");
  plain_sqlite(dir + "/plain.db", seconds / 2);
  farm.with_nothing(seconds);
  farm.with_coordinator("uplink up, coordinator over TLS beside it", seconds, false);
  farm.with_coordinator("uplink frozen halfway (SIGSTOP)", seconds, true);
  std::printf("%-46s %29s\n", "aim, each", "5.00");
  std::filesystem::remove_all(dir);
  return 0;
}
