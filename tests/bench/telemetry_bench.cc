// SPDX-License-Identifier: Apache-2.0
// What one sample costs on its way through the agent's memory: into the series of the last hour,
// and into records for lane 4. 8 devices of 32 metrics at 100 Hz for an hour of pretended time,
// values that move as real ones do.
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "telemetry/batcher.hh"
#include "telemetry/telemetry.hh"

using namespace farmhand;

namespace {

constexpr int kDevices = 8;
constexpr uint32_t kMetrics = 32;
constexpr uint64_t kTickNs = 10'000'000;

std::vector<MetricInfo> metrics_of_a_card() {
  std::vector<MetricInfo> metrics;
  for (uint32_t id = 0; id < kMetrics; ++id) {
    MetricInfo metric;
    metric.id = id;
    metric.name = id == 0 ? "power" : "core.metric" + std::to_string(id);
    metric.unit = id == 0 ? Unit::kWatt : Unit::kNone;
    metric.kind = id % 4 == 3 ? MetricKind::kCounter : MetricKind::kGauge;
    metrics.push_back(metric);
  }
  return metrics;
}

void read_card(std::vector<Sample>& samples, uint64_t tick, uint64_t now_ns) {
  for (uint32_t id = 0; id < kMetrics; ++id) {
    const double value = id % 4 == 3 ? static_cast<double>(tick * (id + 1))
                                     : 40 + static_cast<double>((tick / 7 + id * 13) % 400) / 10;
    samples[id] = {id, SampleStatus::kOk, value, now_ns};
  }
}

// Bytes that the heap has given out, large blocks included.
size_t heap_bytes() {
  const auto heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Runs `take` for every device's samples of every tick; ns of processor time per sample.
template <typename Take>
double ns_per_sample(ManualClock& clock, uint64_t ticks, Take take) {
  std::vector<std::string> keys;
  for (int i = 0; i < kDevices; ++i) keys.push_back("furiosa-serial-000" + std::to_string(i));
  std::vector<Sample> samples(kMetrics);
  const double before = cpu_seconds();
  for (uint64_t tick = 0; tick < ticks; ++tick) {
    clock.advance_ns(kTickNs);
    for (const std::string& key : keys) {
      read_card(samples, tick, clock.boottime_ns());
      take(key, samples, tick);
    }
  }
  return (cpu_seconds() - before) * 1e9 / static_cast<double>(ticks * kDevices * kMetrics);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t ticks = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 36'000;
  ManualClock clock;
  const auto metrics = metrics_of_a_card();
  Telemetry telemetry(clock, IntervalRules{std::chrono::milliseconds(10), {}, {}});
  Batcher batcher(clock, [](std::string) { return Result<void>(); });
  const size_t before = heap_bytes();
  for (int i = 0; i < kDevices; ++i) {
    const std::string key = "furiosa-serial-000" + std::to_string(i);
    if (!telemetry.on_metrics("sim", key, metrics)) return 1;
  }
  const size_t born = heap_bytes();

  const double empty = ns_per_sample(clock, ticks, [](auto&, auto& samples, uint64_t) {
    // The compiler must not see that nobody reads them.
    __asm__ volatile("" : : "r"(samples.data()) : "memory");
  });
  const double store = ns_per_sample(clock, ticks, [&](auto& key, auto& samples, uint64_t) {
    telemetry.on_samples(key, samples);
  });
  const size_t grown = heap_bytes();
  for (int i = 0; i < kDevices; ++i) {
    batcher.on_metrics("sim", "furiosa-serial-000" + std::to_string(i), metrics);
  }
  const double pack = ns_per_sample(clock, ticks, [&](auto& key, auto& samples, uint64_t tick) {
    batcher.on_samples(key, samples);
    if (tick % 50 == 49) batcher.tick();
  });

  const Batcher::Counts& counts = batcher.counts();
  std::printf("8 devices x 32 metrics, %llu ticks, ns of processor time per sample\n",
              static_cast<unsigned long long>(ticks));
  std::printf("  series of the last hour  %7.1f\n", store - empty);
  std::printf("  records for lane 4       %7.1f   (%.2f bytes per sample, %llu records)\n",
              pack - empty, static_cast<double>(counts.bytes) / static_cast<double>(counts.samples),
              static_cast<unsigned long long>(counts.records));
  std::printf("  at 25 600 samples/s      %7.2f %% of a core\n",
              (store + pack - 2 * empty) * 25'600 / 1e7);
  std::printf("  memory of the series     %7.2f MB when declared, %.2f MB after\n",
              static_cast<double>(born - before) / 1e6, static_cast<double>(grown - before) / 1e6);
  return 0;
}
