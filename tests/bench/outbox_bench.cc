// SPDX-License-Identifier: Apache-2.0
// What a durable event costs. An event is a distinct 256-byte record, half of it incompressible,
// accepted singly: each has its own completion, after the commit that holds it. Beside it, in the
// same run on the same disk, plain SQLite with one durable row per transaction.
//
//   outbox_bench [directory] [seconds]
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/log.hh"
#include "base/scheduling.hh"
#include "loop/loop.hh"
#include "machine.hh"
#include "outbox/outbox.hh"
#include "store/statement.hh"

using namespace farmhand;

namespace {

constexpr size_t kEventBytes = 256;
constexpr Lane kLane = Lane::kLogs;

// Distinct, half noise and half text.
std::string make_event(uint64_t number) {
  std::string event;
  event.reserve(kEventBytes);
  uint64_t x = number * 0x9e3779b97f4a7c15 + 1;
  while (event.size() < kEventBytes / 2) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    event.append(reinterpret_cast<const char*>(&x), sizeof x);
  }
  event += "job log line, number " + std::to_string(number) + ": ";
  event.resize(kEventBytes, '.');
  return event;
}

void print_row(const char* what, double per_second, Latencies& latencies) {
  std::printf("%-44s %10.0f %9.2f %9.2f %9.2f\n", what, per_second, latencies.at(0.5),
              latencies.at(0.99), latencies.at(1));
  std::fflush(stdout);
}

void measure_plain_sqlite(const std::string& path, const std::string& what, double seconds,
                          uint64_t per_commit) {
  auto db = sqlite::Database::open(path, {.cache_kib = 2048});
  if (!db || !db->exec("CREATE TABLE event (id INTEGER PRIMARY KEY, bytes BLOB)")) std::exit(1);
  auto insert = sqlite::Statement::prepare(*db, "INSERT INTO event (bytes) VALUES (?)");
  if (!insert) std::exit(1);
  Latencies latencies;
  uint64_t rows = 0;
  const Stopwatch all;
  while (all.seconds() < seconds) {
    const Stopwatch one;
    auto transaction = sqlite::Transaction::begin(*db);
    for (uint64_t n = 0; n < per_commit; ++n, ++rows) {
      if (!sqlite::Query(*insert).bind_blob(make_event(rows)).run()) std::exit(1);
    }
    if (!transaction || !transaction->commit()) std::exit(1);
    latencies.add(one);
  }
  print_row(what.c_str(), static_cast<double>(rows) / all.seconds(), latencies);
}

class MemoryEpochStore final : public EpochStore {
 public:
  Result<std::optional<Epoch>> load() override { return epoch_; }
  Result<void> save(const Epoch& epoch) override {
    epoch_ = epoch;
    return {};
  }

 private:
  std::optional<Epoch> epoch_;
};

class Bench {
 public:
  explicit Bench(const std::string& path) {
    Outbox::Options options;
    options.path = path;
    options.size_max = 8ull << 30;
    options.epochs = &epochs_;
    outbox_.emplace(loop_, clock_, store_, std::move(options));
    loop_.run();
  }
  ~Bench() { outbox_.reset(); }

  // Events as fast as they are taken; no more than `outstanding` at a time.
  void saturate(double seconds, const char* what) {
    Latencies latencies;
    const Stopwatch all;
    uint64_t outstanding = 0, stored = 0;
    std::function<void()> fill = [&] {
      while (outstanding < 8192 && all.seconds() < seconds) {
        const Stopwatch one;
        auto taken =
            outbox_->enqueue_durable(kLane, make_event(next_), [&, one](Result<uint64_t> seq) {
              if (!seq) std::exit(1);
              latencies.add(one);
              ++stored;
              if (--outstanding == 4096) fill();
            });
        if (!taken) return;
        ++outstanding;
        ++next_;
      }
    };
    fill();
    loop_.run();
    print_row(what, static_cast<double>(stored) / all.seconds(), latencies);
  }

  // Everything is read, looked at record by record, and applied, a megabyte at a time.
  void drain() {
    const Stopwatch all;
    uint64_t events = 0, batches = 0;
    std::function<void()> next = [&] {
      outbox_->read_after(kLane, std::nullopt, 1 << 20, [&](Result<std::vector<Segment>> segments) {
        if (!segments) std::exit(1);
        if (segments->empty()) return;
        for (const auto& s : *segments) {
          if (!walk_segment(s, {[&](uint64_t, std::string_view) { ++events; }, nullptr}))
            std::exit(1);
        }
        ++batches;
        outbox_->applied(segments->back().end(), [&](Result<Standing>) { next(); });
      });
    };
    next();
    loop_.run();
    const double elapsed = all.seconds();
    std::printf("%-44s %10.0f   (%llu events in %llu batches)\n", "outbox, read back and applied",
                static_cast<double>(events) / elapsed, static_cast<unsigned long long>(events),
                static_cast<unsigned long long>(batches));
  }

  OutboxStats stats() const { return outbox_->stats(); }

 private:
  Loop loop_;
  SystemClock clock_;
  MemoryEpochStore epochs_;
  StoreThread store_{loop_};
  std::optional<Outbox> outbox_;
  uint64_t next_ = 0;
};

void print_bytes(const OutboxStats& stats) {
  const LaneStats& lane = stats.lanes[index_of(kLane)];
  const auto records = static_cast<double>(lane.depth);
  std::printf("bytes on disk per 256-byte record: %.1f in the file, %.1f by the lane's account\n",
              static_cast<double>(stats.file_bytes) / records,
              static_cast<double>(lane.bytes) / records);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string parent = argc > 1 ? argv[1] : "/var/tmp";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  std::string directory = parent + "/outbox-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    std::perror("outbox_bench: cannot make a directory");
    return 1;
  }
  log::set_level(log::Level::kWarn);
  print_machine(directory);
  std::printf("\n%-44s %10s %9s %9s %9s\n", "durable enqueue of 256-byte events", "events/s",
              "p50 ms", "p99 ms", "max ms");
  ask_for_short_turns();  // as farmhandd does; SQLite's rows have it too
  measure_plain_sqlite(directory + "/singly.db", "plain SQLite, a commit each", seconds, 1);
  measure_plain_sqlite(directory + "/grouped.db", "plain SQLite, 1000 a commit", seconds, 1000);
  {
    Bench bench(directory + "/queue.db");
    bench.saturate(seconds, "outbox, each with its own callback");
    print_bytes(bench.stats());
    bench.drain();
  }
  std::printf("aim: at least 100 000 events/s\n");
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return 0;
}
