// SPDX-License-Identifier: Apache-2.0
#include "control/open_metrics.hh"

#include <algorithm>
#include <tuple>

namespace farmhand {

namespace {

struct BaseUnit {
  std::string_view name;
  double scale;
};

BaseUnit base_unit_of(Unit unit) {
  switch (unit) {
    case Unit::kCelsius:
      return {"celsius", 1};
    case Unit::kWatt:
      return {"watts", 1};
    case Unit::kJoule:
      return {"joules", 1};
    case Unit::kByte:
      return {"bytes", 1};
    case Unit::kPercent:
      return {"ratio", 0.01};
    case Unit::kMegahertz:
      return {"hertz", 1e6};
    case Unit::kNanosecond:
      return {"seconds", 1e-9};
    case Unit::kVolt:
      return {"volts", 1};
    case Unit::kAmpere:
      return {"amperes", 1};
    case Unit::kRpm:
      return {"rpm", 1};
    case Unit::kBytePerSecond:
      return {"bytes_per_second", 1};
    case Unit::kOperationPerSecond:
      return {"operations_per_second", 1};
    case Unit::kNone:
      break;
  }
  return {"", 1};
}

// Endings that both formats keep for other types: a gauge may not have them.
std::string without_reserved_ending(std::string name) {
  for (const std::string_view ending :
       {"_total", "_count", "_sum", "_bucket", "_info", "_created"}) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name;
}

std::string_view own_label(const MetricInfo& metric, DeviceKind kind) {
  if (kind == DeviceKind::kNode) return metric.label;
  for (const std::string_view ours : {"vendor", "model", "device", "pci", "partition"}) {
    if (metric.label == ours) return "part";
  }
  return metric.label;
}

const MetricInfo kEnergyMetric{.id = 0,
                               .kind = MetricKind::kCounter,
                               .unit = Unit::kJoule,
                               .interval_ms = 0,
                               .name = "energy",
                               .label = {},
                               .label_value = {},
                               .help = "Energy used."};

}  // namespace

std::string partition_of(const CoordinatorView& coordinator, const std::string& vendor) {
  std::string wanted = coordinator.cloud + "-" + vendor;
  std::ranges::transform(wanted, wanted.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  const bool ours =
      std::ranges::find(coordinator.partitions, wanted) != coordinator.partitions.end();
  return ours ? wanted : std::string();
}

const MetricsPage::Family& MetricsPage::family_of(const MetricInfo& metric, DeviceKind kind) {
  std::string key = kind == DeviceKind::kNode ? "farmhand_node_" : "farmhand_device_";
  key.append(metric.name).append(1, ' ').append(1, static_cast<char>('a' + int(metric.unit)));
  key.append(1, static_cast<char>('a' + int(metric.kind)));
  const auto known = families_.find(key);
  if (known != families_.end()) return known->second;
  const BaseUnit unit = base_unit_of(metric.unit);
  std::string name = without_reserved_ending(exposition_name(key.substr(0, key.find(' '))));
  if (!unit.name.empty() && !name.ends_with(unit.name)) name.append("_").append(unit.name);
  if (is_device_family(name) || is_health_family(name)) name += "_measured";
  Family family{
      .name = std::move(name),
      .unit = unit.name,
      .help = metric.help.empty() ? metric.name : metric.help,
      .type = metric.kind == MetricKind::kCounter ? FamilyType::kCounter : FamilyType::kGauge,
      .scale = unit.scale};
  return families_.emplace(std::move(key), std::move(family)).first->second;
}

void MetricsPage::collect(const DeviceSeries& series) {
  const Device* device = view_.inventory.find(series.device());
  if (device == nullptr) return;
  // Before the series: a counter that was declared and never read must not take its place.
  if (series.energy().source == EnergySource::kIntegrated) {
    rows_.push_back({&family_of(kEnergyMetric, device->info.kind), device, &series, kEnergy});
  }
  for (size_t i = 0; i < series.size(); ++i) {
    rows_.push_back({&family_of(series.metric(i), device->info.kind), device, &series, i});
  }
}

void MetricsPage::write_row(Exposition& page, const Row& row) {
  const bool energy = row.index == kEnergy;
  const Reading reading = energy ? Reading{.value = row.series->energy().joules,
                                           .status = SampleStatus::kOk,
                                           .boottime_ns = 0,
                                           .rate = {}}
                                 : row.series->reading(row.index, view_.clock.boottime_ns());
  if (reading.status != SampleStatus::kOk) return;
  const MetricInfo& metric = energy ? kEnergyMetric : row.series->metric(row.index);
  label_device(page.sample(), *row.device, partition_of(coordinator_, row.device->info.vendor));
  if (!metric.label.empty()) {
    page.label(exposition_name(own_label(metric, row.device->info.kind)), metric.label_value);
  }
  page.value(reading.value * row.family->scale);
}

// Two metrics may come to the same family, and two series to the same labels, after their names
// were made fit. Either would spoil the whole scrape, so the first one is shown.
void MetricsPage::write_series(Exposition& page) {
  const auto place = [](const Row& row) {
    const bool node = row.device->info.kind == DeviceKind::kNode;
    const MetricInfo& metric = row.index == kEnergy ? kEnergyMetric : row.series->metric(row.index);
    return std::tuple(std::string_view(row.family->name),
                      node ? std::string_view() : std::string_view(row.device->info.key),
                      std::string_view(metric.label), std::string_view(metric.label_value));
  };
  std::ranges::stable_sort(rows_, {}, place);
  const Row* first = nullptr;  // of the family now written
  const Row* last = nullptr;
  for (const Row& row : rows_) {
    if (first == nullptr || first->family->name != row.family->name) {
      first = &row;
      page.family({row.family->name, row.family->unit, row.family->help, row.family->type});
    } else if (row.family->type != first->family->type || place(*last) == place(row)) {
      continue;
    }
    last = &row;
    write_row(page, row);
  }
}

const std::string& MetricsPage::rendered(MetricsFormat format) {
  page_.clear();
  rows_.clear();
  if (view_.coordinator) coordinator_ = view_.coordinator();
  Exposition page(format, page_);
  view_.telemetry.visit([this](const DeviceSeries& series) { collect(series); });
  write_series(page);
  write_devices(page, view_, coordinator_);
  write_health(page, view_, coordinator_);
  write_agent(page, view_, coordinator_);
  if (view_.queue) write_queue(page, view_.queue());
  if (view_.plugins) write_plugins(page, view_.plugins());
  page.end();
  return page_;
}

}  // namespace farmhand
