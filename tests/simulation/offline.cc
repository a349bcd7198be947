// SPDX-License-Identifier: Apache-2.0
// Days without a link at the reference load, and the drain afterwards: what it takes on disk, what
// was thinned, in which order and how fast it is delivered.
//
//   offline                    2 hours, the queue scaled to match
//   offline --hours 72         the promise itself: within 2 GiB
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/log.hh"
#include "farm.hh"
#include "reference_load.hh"
#include "sync/convert.hh"

using namespace farmhand;
using namespace farmhand::simulation;

namespace {

constexpr uint64_t kLinkBytesPerS = 1'250'000;  // 10 Mbit/s
constexpr uint64_t kSizeMax = 2ull << 30;
constexpr double kLiveRates = 20;  // at least so many times the live rate

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

struct Offline {
  explicit Offline(uint64_t hours)
      : size_max(std::max<uint64_t>(kSizeMax / 72 * hours, 64 << 20)), farm(1, size_max) {}

  uint64_t size_max;
  Farm farm;
  int broken = 0;

  void promise(bool kept, const std::string& what) {
    std::printf("%-6s %s\n", kept ? "kept" : "BROKEN", what.c_str());
    broken += kept ? 0 : 1;
  }
  int run(uint64_t hours);
  uint64_t produce(ReferenceLoad& load, uint64_t hours);
  void drain(ReferenceLoad& load, double live_bytes_per_s, double live_records_per_s);
  void compare(ReferenceLoad& load);
};

uint64_t Offline::produce(ReferenceLoad& load, uint64_t hours) {
  const auto began = std::chrono::steady_clock::now();
  farm.network.up = false;
  uint64_t disk_max = 0;
  for (uint64_t hour = 0; hour < hours; ++hour) {
    load.run_for(kHour);
    disk_max = std::max(disk_max, farm.node->disk_bytes());
  }
  farm.run_for(2 * kSecond);
  std::printf("%llu hours offline, made in %.0f s\n\n", static_cast<unsigned long long>(hours),
              seconds_since(began));
  std::printf("%-10s %10s %12s %12s %12s %10s\n", "lane", "records", "bytes", "on disk", "quota",
              "in gaps");
  const OutboxStats stats = farm.node->outbox().stats();
  for (const Lane lane : kLanes) {
    const LaneStats& s = stats.lanes[index_of(lane)];
    std::printf("%-10s %10llu %12llu %12llu %12llu %10llu\n", std::string(name_of(lane)).c_str(),
                static_cast<unsigned long long>(load.lane(lane).records),
                static_cast<unsigned long long>(load.lane(lane).bytes),
                static_cast<unsigned long long>(s.bytes),
                static_cast<unsigned long long>(s.quota_bytes),
                static_cast<unsigned long long>(s.gap_records));
  }
  std::printf("\n%.1f MiB on disk at most, of %.1f MiB allowed\n\n",
              static_cast<double>(disk_max) / (1 << 20), static_cast<double>(size_max) / (1 << 20));
  return disk_max;
}

// The live load goes on meanwhile.
void Offline::drain(ReferenceLoad& load, double live_bytes_per_s, double live_records_per_s) {
  std::array<uint64_t, kLaneCount> goal{}, done_ns{};
  const OutboxStats before = farm.node->outbox().stats();
  uint64_t backlog = 0;
  for (const Lane lane : kLanes) {
    goal[index_of(lane)] = before.lanes[index_of(lane)].last_seq;
    backlog += before.lanes[index_of(lane)].depth;
  }
  farm.network.faults.bytes_per_s = kLinkBytesPerS;
  farm.network.faults.latency_ns = 25 * kMillisecond;
  farm.network.up = true;
  while (farm.node->uplink().state != UplinkState::kLive) farm.run_for(kMillisecond);
  const uint64_t began_ns = now_ns(farm.loop), sent_before = farm.network.counts().bytes;
  const auto began = std::chrono::steady_clock::now();
  uint64_t low_from_ns = 0, low_from_bytes = 0;
  const auto all_done = [&] {
    return std::none_of(done_ns.begin(), done_ns.end(), [](uint64_t ns) { return ns == 0; });
  };
  while (!all_done() && now_ns(farm.loop) - began_ns < 24 * kHour) {
    for (int i = 0; i < 10; ++i) {
      farm.run_for(10 * kMillisecond);
      const OutboxStats stats = farm.node->outbox().stats();
      for (size_t i = 0; i < goal.size(); ++i)
        if (done_ns[i] == 0 && stats.lanes[i].last_seq - stats.lanes[i].depth >= goal[i])
          done_ns[i] = now_ns(farm.loop) - began_ns + 1;
      if (low_from_ns == 0 && done_ns[0] != 0 && done_ns[1] != 0) {
        low_from_ns = now_ns(farm.loop);
        low_from_bytes = farm.network.counts().bytes;
      }
    }
    if ((now_ns(farm.loop) - began_ns) % kSecond == 0) load.run_for(kSecond);
  }
  const double took_s = static_cast<double>(now_ns(farm.loop) - began_ns) / 1e9;
  const double real_s = seconds_since(began);
  const double bytes = static_cast<double>(farm.network.counts().bytes - sent_before);
  const double low_share = static_cast<double>(farm.network.counts().bytes - low_from_bytes) /
                           (static_cast<double>(now_ns(farm.loop) - low_from_ns) / 1e9) /
                           kLinkBytesPerS;
  std::printf("drained over %.0f Mbit/s with 50 ms there and back:\n", kLinkBytesPerS * 8 / 1e6);
  for (const Lane lane : kLanes)
    std::printf("  %-10s after %10.3f s\n", std::string(name_of(lane)).c_str(),
                static_cast<double>(done_ns[index_of(lane)]) / 1e9);
  std::printf("  %llu records, %.1f MB in %.0f s of virtual time; the programs worked %.1f s\n",
              static_cast<unsigned long long>(backlog), bytes / 1e6, took_s, real_s);
  const double rate = bytes / took_s / live_bytes_per_s;
  std::printf("  %.0f times the live rate of %.0f B/s; by the processor's time %.0f times\n\n",
              rate, live_bytes_per_s, static_cast<double>(backlog) / real_s / live_records_per_s);
  promise(all_done(), "everything is drained");
  promise(rate >= kLiveRates, "at 20 times the live rate or more");
  const uint64_t high = std::max(done_ns[0], done_ns[1]);
  promise(high < std::min({done_ns[2], done_ns[3], done_ns[4]}), "lanes 0 and 1 are first");
  std::printf("       lower lanes took %.0f %% of the link\n", low_share * 100);
  promise(low_share <= 0.5, "a backlog of lower lanes takes at most half of the link");
}

// In order and without a hole: the records at the coordinator are the producer's, byte for byte.
void Offline::compare(ReferenceLoad& load) {
  farm.heal_and_drain();
  std::array<bool, kLaneCount> thinned{};
  const OutboxStats stats = farm.node->outbox().stats();
  for (size_t i = 0; i < thinned.size(); ++i) thinned[i] = stats.lanes[i].gap_records > 0;
  farm.node->stop();
  farm.coordinator->shut();
  const auto report = farm.coordinator->verify();
  promise(report && report->ok(), "verify: every number is covered exactly once");
  auto view = StoreView::open(farm.coordinator->store_path());
  std::array<Sha256Hasher, kLaneCount> hashes;
  bool first = true;
  auto walked = view->walk([&](const Delivered& d, Lane lane) {
    if (lane == Lane::kResults && std::exchange(first, false)) return;  // the epoch start
    add_to_hash(hashes[index_of(lane)], d.record);
  });
  promise(walked.ok(), "the archive can be read");
  for (const Lane lane : kLanes) {
    const std::string name(name_of(lane));
    if (thinned[index_of(lane)]) {
      std::printf("       %s was thinned: its records are not compared\n", name.c_str());
      continue;
    }
    promise(hashes[index_of(lane)].finish() == load.lane(lane).hash.finish(),
            "lane " + name + " arrived as it was produced, in its order");
  }
}

int Offline::run(uint64_t hours) {
  ReferenceLoad load(farm.loop, farm.node->clock, farm.node->outbox());
  const uint64_t disk_max = produce(load, hours);
  uint64_t bytes = 0, records = 0, refused = 0;
  for (const Lane lane : kLanes) {
    bytes += load.lane(lane).bytes;
    records += load.lane(lane).records;
    refused += load.lane(lane).refused;
  }
  const double offline_s = static_cast<double>(hours) * 3600;
  promise(disk_max <= size_max, "the disk's bound");
  promise(refused == 0, "nothing was refused");
  drain(load, static_cast<double>(bytes) / offline_s, static_cast<double>(records) / offline_s);
  compare(load);
  return broken;
}

}  // namespace

int main(int argc, char** argv) {
  log::set_level(log::Level::kError);
  const bool given = argc == 3 && std::string(argv[1]) == "--hours";
  const uint64_t hours = given ? std::strtoull(argv[2], nullptr, 10) : 2;
  return Offline(hours).run(hours) == 0 ? 0 : 1;
}
