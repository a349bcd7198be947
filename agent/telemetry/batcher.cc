// SPDX-License-Identifier: Apache-2.0
#include "telemetry/batcher.hh"

#include <algorithm>
#include <utility>

#include "wire/record.hh"

namespace farmhand {

struct Batcher::Collected {
  wire::MetricTable table;
  std::vector<std::pair<uint32_t, uint32_t>> places;  // metric id, place in the table; by id
  // Kept as the record it becomes, so that sending copies nothing.
  wire::Record record{std::in_place_type<wire::Telemetry>};
  uint64_t declared_ns = 0;  // 0: not yet
  bool seen = false;         // something was sent since the table was made
  size_t hint = 0;

  wire::Telemetry& telemetry() { return *std::get_if<wire::Telemetry>(&record); }

  // The place of a metric, or nothing. Samples come in the order of their ids.
  const uint32_t* find(uint32_t id) {
    if (hint < places.size() && places[hint].first == id) return &places[hint++].second;
    const auto at = std::lower_bound(places.begin(), places.end(), std::pair{id, uint32_t{0}});
    if (at == places.end() || at->first != id) return nullptr;
    hint = static_cast<size_t>(at - places.begin()) + 1;
    return &at->second;
  }
};

namespace {

// The wire's numbers of kinds, units and statuses are the ABI's, and so are the model's.
wire::MetricTable table_from(std::string_view device, std::string_view plugin,
                             const std::vector<MetricInfo>& metrics) {
  std::vector<wire::Metric> columns;
  columns.reserve(metrics.size());
  for (const MetricInfo& metric : metrics) {
    columns.push_back({metric.name, metric.label, metric.label_value,
                       static_cast<uint32_t>(metric.kind), static_cast<uint32_t>(metric.unit)});
  }
  return wire::make_metric_table(std::string(device), std::string(plugin), std::move(columns));
}

bool has_value(SampleStatus status) {
  return status == SampleStatus::kOk || status == SampleStatus::kStale;
}

}  // namespace

Batcher::Batcher(const Clock& clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}

Batcher::~Batcher() = default;

void Batcher::on_metrics(std::string_view plugin, std::string_view device,
                         const std::vector<MetricInfo>& metrics) {
  auto& slot = devices_[std::string(device)];
  wire::MetricTable table = table_from(device, plugin, metrics);
  const bool same_table = slot && slot->table.table_id == table.table_id;
  if (!same_table) {
    if (slot) send(*slot, clock_.boottime_ns());  // by the places of the old table
    slot = std::make_unique<Collected>();
    slot->table = std::move(table);
    slot->telemetry().table_id = slot->table.table_id;
  }
  slot->places.clear();  // ids may be new ones for the same columns
  for (uint32_t place = 0; place < metrics.size(); ++place) {
    slot->places.emplace_back(metrics[place].id, place);
  }
  std::sort(slot->places.begin(), slot->places.end());
}

void Batcher::on_samples(std::string_view device, std::span<const Sample> samples) {
  const auto at = devices_.find(device);
  if (at == devices_.end()) {
    counts_.dropped += samples.size();
    return;
  }
  Collected& collected = *at->second;
  auto& out = collected.telemetry().samples;
  collected.hint = 0;
  for (const Sample& sample : samples) {
    const uint32_t* const place = collected.find(sample.metric);
    if (place == nullptr) {
      ++counts_.dropped;
      continue;
    }
    out.push_back({*place, static_cast<uint8_t>(sample.status),
                   has_value(sample.status) ? sample.value : 0, sample.boottime_ns});
  }
  if (!collected.seen || out.size() >= kRecordSamplesMax) {
    send(collected, clock_.boottime_ns());
  }
}

void Batcher::remove(std::string_view device) {
  const auto at = devices_.find(device);
  if (at == devices_.end()) return;
  send(*at->second, clock_.boottime_ns());
  devices_.erase(at);
}

void Batcher::flush() {
  const uint64_t now_ns = clock_.boottime_ns();
  for (auto& [device, collected] : devices_) send(*collected, now_ns);
}

void Batcher::redeclare() {
  for (auto& [device, collected] : devices_) collected->declared_ns = 0;
}

// False: the sink would not take the table; what refers to it would not be understood.
bool Batcher::declare(Collected& device, uint64_t now_ns) {
  if (device.declared_ns != 0 && now_ns - device.declared_ns < kRedeclareNs) return true;
  if (!put(wire::encode_record(device.table))) return false;
  device.declared_ns = now_ns;
  return true;
}

void Batcher::send(Collected& device, uint64_t now_ns) {
  auto& samples = device.telemetry().samples;
  if (samples.empty()) return;
  if (declare(device, now_ns) && put(wire::encode_record(device.record))) {
    counts_.samples += samples.size();
    device.seen = true;
  } else {
    counts_.dropped += samples.size();
  }
  samples.clear();
}

bool Batcher::put(std::string record) {
  const size_t bytes = record.size();
  if (!sink_(std::move(record))) return false;
  ++counts_.records;
  counts_.bytes += bytes;
  return true;
}

}  // namespace farmhand
