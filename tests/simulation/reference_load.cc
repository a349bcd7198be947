// SPDX-License-Identifier: Apache-2.0
#include "reference_load.hh"

#include <cmath>

#include "wire/record.hh"

namespace farmhand::simulation {
namespace {

constexpr int kDevices = 8, kMetrics = 32;

std::string name_of_device(int device) {
  return "npu" + std::to_string(device);
}

std::vector<MetricInfo> metrics() {
  std::vector<MetricInfo> all(kMetrics);
  for (uint32_t i = 0; i < kMetrics; ++i) {
    all[i].id = i;
    all[i].name = "metric_" + std::to_string(i);
  }
  return all;
}

wire::Inventory inventory() {
  wire::Inventory all;
  for (int i = 0; i < kDevices; ++i) {
    wire::Device device;
    device.plugin = "sim";
    device.key = name_of_device(i);
    device.vendor = "rebellions";
    device.model = "simulated";
    all.devices.push_back(std::move(device));
  }
  return all;
}

}  // namespace

void add_to_hash(Sha256Hasher& hash, std::string_view record) {
  const uint64_t size = record.size();
  hash.add({reinterpret_cast<const char*>(&size), sizeof size});
  hash.add(record);
}

ReferenceLoad::ReferenceLoad(Loop& loop, const Clock& clock, Outbox& outbox)
    : loop_(loop),
      clock_(clock),
      outbox_(outbox),
      batcher_(clock, [this](std::string record) -> Result<void> {
        put(Lane::kTelemetry, std::move(record));
        return {};
      }) {
  for (int i = 0; i < kDevices; ++i) batcher_.on_metrics("sim", name_of_device(i), metrics());
}

void ReferenceLoad::put(Lane lane, std::string record) {
  LaneLog& log = lanes_[index_of(lane)];
  Sha256Hasher& hash = log.hash;
  const size_t bytes = record.size();
  std::string copy = record;
  const auto taken = lane == Lane::kTelemetry ? outbox_.enqueue_relaxed(std::move(record))
                                              : outbox_.enqueue_durable(lane, std::move(record));
  if (!taken) {
    ++log.refused;
    return;
  }
  ++log.records;
  log.bytes += bytes;
  add_to_hash(hash, copy);
}

std::string ReferenceLoad::noise(size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += std::to_string(random_.next());
  text.resize(bytes);
  return text;
}

// A third of the metrics moves with each reading, a third seldom, a third hardly ever: as power and
// clocks do, temperatures and memory, and error counts.
void ReferenceLoad::sample(int device) {
  const auto d = static_cast<size_t>(device);
  std::vector<Sample> samples;
  power_[d] = 150 + static_cast<double>(random_.below(10'000)) / 100;
  energy_[d] += power_[d];
  if (random_.chance(0.2)) temperature_[d] = 40 + static_cast<double>(random_.below(30));
  for (uint32_t i = 0; i < kMetrics; ++i) {
    const double value = i % 3 == 0   ? (i == 0 ? energy_[d] : power_[d] + i)
                         : i % 3 == 1 ? temperature_[d] + i
                                      : i;
    samples.push_back({i, SampleStatus::kOk, value, clock_.boottime_ns()});
  }
  batcher_.on_samples(name_of_device(device), samples);
}

void ReferenceLoad::second() {
  for (int i = 0; i < kDevices; ++i) sample(i);
  batcher_.tick();
  for (uint64_t i = 0; i < kDevices; ++i) {
    const std::string device = name_of_device(static_cast<int>(i));
    const uint64_t at = seconds_ + i * 75;  // not all in the same second
    if (at % 10 == 0) put(Lane::kLogs, noise(768));
    if (at % 600 == 0) {
      wire::Event event;
      event.uuid = Uuid::random();
      event.boottime_ns = clock_.boottime_ns();
      event.plugin = "sim";
      event.device_key = device;
      event.reason = "device.temperature";
      event.sentence = "the device was at " + noise(40) + " and is well again";
      put(Lane::kHealth, wire::encode_record(event));
    }
    if (at % 1800 == 0)
      put(Lane::kResults, wire::encode_record(wire::CommandResult{
                              Uuid::random(), wire::CommandStatus::kOk, "the job ended",
                              clock_.boottime_ns(), noise(2048)}));
  }
  if (seconds_ % 3600 == 0) put(Lane::kInventory, wire::encode_record(inventory()));
  ++seconds_;
}

void ReferenceLoad::run_for(uint64_t ns) {
  for (uint64_t i = 0; i < ns / kSecond; ++i) {
    second();
    loop_.run_for_ms(1000);
  }
}

}  // namespace farmhand::simulation
