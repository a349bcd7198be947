// SPDX-License-Identifier: Apache-2.0
// What a durable event costs. An event is a distinct 256-byte record, half of it incompressible,
// accepted singly: each has its own completion, after the commit that holds it. Beside it, in the
// same run on the same disk, plain SQLite with one durable row per transaction.
//
//   outbox_bench [directory] [seconds]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "loop/loop.hh"
#include "loop/timer.hh"
#include "machine.hh"
#include "outbox/outbox.hh"
#include "store/statement.hh"

using namespace farmhand;
using Clock_ = std::chrono::steady_clock;

namespace {

constexpr size_t kEventBytes = 256;
constexpr Lane kLane = Lane::kLogs;

double seconds_since(Clock_::time_point start) {
  return std::chrono::duration<double>(Clock_::now() - start).count();
}

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

struct Latencies {
  std::vector<double> ms;

  double at(double share) {
    if (ms.empty()) return 0;
    const auto n = static_cast<size_t>(share * static_cast<double>(ms.size() - 1));
    std::nth_element(ms.begin(), ms.begin() + static_cast<ptrdiff_t>(n), ms.end());
    return ms[n];
  }
  void print(const char* what, double per_second) {
    std::printf("%-44s %10.0f %9.2f %9.2f %9.2f\n", what, per_second, at(0.5), at(0.99), at(1));
  }
};

void measure_plain_sqlite(const std::string& path, double seconds) {
  auto db = sqlite::Database::open(path, {.cache_kib = 2048});
  if (!db || !db->exec("CREATE TABLE event (id INTEGER PRIMARY KEY, bytes BLOB)")) std::exit(1);
  auto insert = sqlite::Statement::prepare(*db, "INSERT INTO event (bytes) VALUES (?)");
  if (!insert) std::exit(1);
  Latencies latencies;
  uint64_t rows = 0;
  const auto start = Clock_::now();
  while (seconds_since(start) < seconds) {
    const auto from = Clock_::now();
    const std::string event = make_event(rows);
    if (!sqlite::Query(*insert).bind_blob(event).run()) std::exit(1);
    latencies.ms.push_back(seconds_since(from) * 1e3);
    ++rows;
  }
  latencies.print("plain SQLite, one row per transaction",
                  static_cast<double>(rows) / seconds_since(start));
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
    const auto start = Clock_::now();
    uint64_t outstanding = 0, stored = 0;
    std::function<void()> fill = [&] {
      while (outstanding < 8192 && seconds_since(start) < seconds) {
        const auto from = Clock_::now();
        auto taken =
            outbox_->enqueue_durable(kLane, make_event(next_), [&, from](Result<uint64_t> seq) {
              if (!seq) std::exit(1);
              latencies.ms.push_back(seconds_since(from) * 1e3);
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
    latencies.print(what, static_cast<double>(stored) / seconds_since(start));
  }

  void pace(double seconds, uint64_t per_second) {
    Latencies latencies;
    const auto start = Clock_::now();
    uint64_t made = 0;
    Timer tick(loop_);
    tick.every(1, [&] {
      const double elapsed = seconds_since(start);
      if (elapsed > seconds) return tick.stop();
      for (; made < static_cast<uint64_t>(elapsed * static_cast<double>(per_second)); ++made) {
        const auto from = Clock_::now();
        (void)outbox_->enqueue_durable(kLane, make_event(next_++), [&, from](Result<uint64_t>) {
          latencies.ms.push_back(seconds_since(from) * 1e3);
        });
      }
    });
    loop_.run();
    latencies.print("outbox, paced at 10 000 events/s",
                    static_cast<double>(made) / seconds_since(start));
  }

  // Everything is read, looked at record by record, and applied, a megabyte at a time.
  void drain() {
    const auto start = Clock_::now();
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
    const double elapsed = seconds_since(start);
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
  const std::string parent = argc > 1 ? argv[1] : ".";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 5;
  std::string directory = parent + "/outbox-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    std::perror("outbox_bench: cannot make a directory");
    return 1;
  }
  print_machine(parent);
  std::printf("\n%-44s %10s %9s %9s %9s\n", "durable enqueue of 256-byte events", "events/s",
              "p50 ms", "p99 ms", "max ms");
  measure_plain_sqlite(directory + "/plain.db", seconds);
  {
    Bench bench(directory + "/queue.db");
    bench.pace(seconds, 10'000);
    bench.saturate(seconds, "outbox, as fast as it takes them");
    print_bytes(bench.stats());
    bench.drain();
  }
  std::printf("targets: at least 100 000 events/s enqueued; p99 at most 5 ms at 10 000 events/s\n");
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return 0;
}
