// SPDX-License-Identifier: Apache-2.0
// The families of fixed name about devices: who they are, their state, how much of them is known.
#include <array>

#include "control/open_metrics.hh"

namespace farmhand {

namespace {

struct Subject {
  const Device& device;
  const DeviceSeries* series;  // none: nothing was ever declared
  std::string partition;
  uint64_t now_ns;
};

Exposition& begin(Exposition& page, const Subject& subject) {
  label_device(page.sample(), subject.device, subject.partition);
  return page;
}

void write_info(Exposition& page, const Subject& subject) {
  const DeviceInfo& info = subject.device.info;
  begin(page, subject).label("plugin", info.plugin).label("serial", info.serial);
  page.label("uuid", info.uuid).label("firmware", info.firmware).label("driver", info.driver);
  page.value(1);
}

void write_up(Exposition& page, const Subject& subject) {
  begin(page, subject).value(subject.device.presence == Presence::kManaged ? 1 : 0);
}

void write_state(Exposition& page, const Subject& subject) {
  for (int i = 0; i <= static_cast<int>(Presence::kMissing); ++i) {
    const auto state = static_cast<Presence>(i);
    begin(page, subject).label("state", name_of(state));
    page.value(subject.device.presence == state ? 1 : 0);
  }
}

// Series counted by their statuses: how much of the device is not known just now.
void write_series(Exposition& page, const Subject& subject) {
  std::array<uint32_t, 6> counts{};
  for (size_t i = 0; subject.series != nullptr && i < subject.series->size(); ++i) {
    ++counts[static_cast<size_t>(subject.series->reading(i, subject.now_ns).status)];
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    begin(page, subject).label("status", name_of(static_cast<SampleStatus>(i))).value(counts[i]);
  }
}

void write_peaks(Exposition& page, const Subject& subject) {
  for (const Peak& peak : subject.device.info.peaks) {
    begin(page, subject).label("dtype", peak.dtype).value(peak.tera_ops * 1e12);
  }
}

const EnergyFigure* find_energy(const Subject& subject) {
  if (subject.series == nullptr) return nullptr;
  const EnergyFigure& figure = subject.series->energy();
  return figure.source == EnergySource::kNone ? nullptr : &figure;
}

void write_energy_samples(Exposition& page, const Subject& subject) {
  const EnergyFigure* figure = find_energy(subject);
  if (figure == nullptr) return;
  begin(page, subject).label("source", name_of(figure->source));
  page.value(static_cast<double>(figure->samples));
}

void write_energy_gap(Exposition& page, const Subject& subject) {
  const EnergyFigure* figure = find_energy(subject);
  if (figure == nullptr) return;
  begin(page, subject).label("source", name_of(figure->source));
  page.value(static_cast<double>(figure->largest_gap_ns) * 1e-9);
}

struct DeviceFamily {
  FamilyHead head;
  void (*write)(Exposition&, const Subject&);
};

// clang-format off
constexpr auto kGauge = FamilyType::kGauge;
constexpr std::array<DeviceFamily, 7> kFamilies{{
    {{"farmhand_device", "", "Who the device is.", FamilyType::kInfo}, write_info},
    {{"farmhand_device_up", "", "1 while the device is there, managed and read.", kGauge}, write_up},
    {{"farmhand_device_state", "", "1 for the state the device is in.", kGauge}, write_state},
    {{"farmhand_device_series", "", "Series by the status of their last reading.", kGauge}, write_series},
    {{"farmhand_device_peak_operations_per_second", "", "Peak rate by data type, as published.", kGauge},
     write_peaks},
    {{"farmhand_device_energy_samples", "", "Readings the energy figure rests on.", FamilyType::kCounter},
     write_energy_samples},
    {{"farmhand_device_energy_gap_max_seconds", "seconds", "Largest gap it bridges.", kGauge},
     write_energy_gap},
}};
// clang-format on

}  // namespace

bool is_device_family(std::string_view name) {
  for (const DeviceFamily& family : kFamilies) {
    if (family.head.name == name) return true;
  }
  return false;
}

void label_device(Exposition& page, const Device& device, const std::string& partition) {
  const DeviceInfo& info = device.info;
  if (info.kind == DeviceKind::kNode) return;
  page.label("vendor", info.vendor).label("model", info.model).label("device", info.key);
  page.label("pci", info.pci).label("partition", partition);
}

void write_devices(Exposition& page, const StatusView& view, const CoordinatorView& coordinator) {
  std::vector<Subject> subjects;
  for (const auto& [key, device] : view.inventory.devices()) {
    if (device.info.kind != DeviceKind::kAccelerator) continue;
    subjects.push_back({device, view.telemetry.find(key),
                        partition_of(coordinator, device.info.vendor), view.clock.boottime_ns()});
  }
  for (const DeviceFamily& family : kFamilies) {
    page.family(family.head);
    for (const Subject& subject : subjects) family.write(page, subject);
  }
}

}  // namespace farmhand
