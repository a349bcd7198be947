// SPDX-License-Identifier: Apache-2.0
#include "card.hh"

#include <farmhand/metrics.h>

namespace farmhand::accel {

namespace {

constexpr uint32_t kSlowMs = 1000;  // sensors behind slow buses, counters that cost the device

// One file with one number.
struct File {
  Family family;
  bool in_class;  // beside the class's member, else in the device's folder
  const char* file;
  const char* metric;
  int32_t kind, unit;
  double factor, most;  // to our unit; the largest value that can be true
  uint32_t interval_ms;
  const char* help;
};

// clang-format off
constexpr File kFiles[] = {
    // linux drivers/accel/ivpu/ivpu_sysfs.c. The memory is bytes of the node's own; a clock of 0 is a
    // device that sleeps.
    {Family::kIvpu, false, "npu_busy_time_us", "busy.time", FH_METRIC_COUNTER, FH_UNIT_NANOSECOND, 1e3, 1e19, kSlowMs, "Time in which it executed jobs."},
    {Family::kIvpu, false, "npu_memory_utilization", "memory.used", FH_METRIC_GAUGE, FH_UNIT_BYTE, 1, 1e15, 0, "Memory of the node that its programs use."},
    {Family::kIvpu, false, "npu_current_frequency_mhz", "clock.core", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, 1, 1e5, 0, "Of the compute units; 0 while it sleeps."},
    {Family::kIvpu, false, "npu_max_frequency_mhz", "clock.core.max", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, 1, 1e5, 60'000, "The highest clock of the compute units."},
    // linux Documentation/ABI/testing/sysfs-driver-qaic
    {Family::kQaic, false, "ce_count", "errors.corrected", FH_METRIC_COUNTER, FH_UNIT_NONE, 1, 1e19, 0, "Errors corrected, since the driver was loaded."},
    {Family::kQaic, false, "ue_count", "errors.uncorrected", FH_METRIC_COUNTER, FH_UNIT_NONE, 1, 1e19, 0, "Errors beyond correction, since the driver was loaded."},
    {Family::kQaic, false, "ue_nonfatal_count", "errors.uncorrected.nonfatal", FH_METRIC_COUNTER, FH_UNIT_NONE, 1, 1e19, 0, "Errors beyond correction that it survived."},
    // tenstorrent/tt-kmd docs/sysfs-attributes.md, telemetry.c
    {Family::kTenstorrent, true, "tt_aiclk", "clock.core", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, 1, 1e5, 0, "Of the compute units."},
    {Family::kTenstorrent, true, "tt_axiclk", "clock.axi", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, 1, 1e5, 0, "Of the on-chip bus."},
    {Family::kTenstorrent, true, "tt_arcclk", "clock.arc", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, 1, 1e5, 0, "Of the management processor."},
    {Family::kTenstorrent, true, "tt_heartbeat", "heartbeat", FH_METRIC_COUNTER, FH_UNIT_NONE, 1, 1e19, 0, "The firmware's sign of life; what counts is that it moves."},
    {Family::kTenstorrent, true, "tt_therm_trip_count", "throttle.events", FH_METRIC_COUNTER, FH_UNIT_NONE, 1, 1e19, 0, "How often it was slowed down by heat."},
};
// clang-format on

Reading read_file(const std::string& path, const File& file) {
  return within(read_number(path, file.factor), 0, file.most);
}

std::string label_of(const SensorKind& kind) {
  if (kind.unit == FH_UNIT_VOLT || kind.unit == FH_UNIT_AMPERE) return "rail";
  return kind.unit == FH_UNIT_RPM ? "fan" : "sensor";
}

}  // namespace

void Card::require_present() const {
  if (exists(found_.folder)) return;
  fail(FH_E_DEVICE_LOST, "%s is gone from the bus", found_.folder.c_str());
}

std::string Card::file(std::string_view name, bool in_class) const {
  return (in_class ? found_.class_folder : found_.folder) + "/" + std::string(name);
}

void Card::add_files() {
  for (const File& each : kFiles) {
    if (each.family != found_.family) continue;
    const std::string path = file(each.file, each.in_class);
    if (!exists(path)) continue;  // an older driver or firmware
    const bool beats = std::string_view(each.metric) == "heartbeat";
    series_.add({each.metric, each.kind, each.unit, "", "", each.help,
                 [this, path, &each, beats] {
                   const Reading now = read_file(path, each);
                   if (beats) heartbeat_.look(now);  // the check sees it move the sooner
                   return now;
                 },
                 each.interval_ms});
    if (std::string_view(each.metric) != "busy.time") continue;
    series_.add({"utilization", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "", "Busy part of the time.",
                 [this, path, &each] { return busy_time_.look(read_file(path, each)); }, kSlowMs});
  }
}

void Card::add_link() {
  const std::string folder = found_.folder;
  if (!exists(folder + "/current_link_speed")) return;
  const auto generation = [](const Reading& speed) {
    return speed.ok() ? good(generation_of(speed.value)) : speed;
  };
  series_.add({"link.generation", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "",
               "PCI Express generation in use.",
               [=] { return generation(read_link(folder).speed); }});
  series_.add({"link.width", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "", "PCI Express lanes in use.",
               [=] { return read_link(folder).width; }});
  series_.add({"link.generation.max", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "",
               "PCI Express generation that device and slot can do.",
               [=] { return generation(reachable_link(folder).speed_max); }, 60'000});
  series_.add({"link.width.max", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "",
               "PCI Express lanes that device and slot can do.",
               [=] { return reachable_link(folder).width_max; }, 60'000});
  const std::string above = upstream_of(folder);
  for (const auto& [where, label] : {std::pair(folder, ""), std::pair(above, "upstream")}) {
    if (where.empty() || !exists(where + "/aer_dev_fatal")) continue;
    const std::string name = *label != '\0' ? "link" : "", value = label, at = where;
    series_.add({"link.errors.corrected", FH_METRIC_COUNTER, FH_UNIT_NONE, name, value,
                 "PCI Express errors, corrected (AER).",
                 [at] { return read_errors(at).corrected; }});
    series_.add({"link.errors.nonfatal", FH_METRIC_COUNTER, FH_UNIT_NONE, name, value,
                 "PCI Express errors, not corrected, not fatal (AER).",
                 [at] { return read_errors(at).nonfatal; }});
    series_.add({"link.errors.fatal", FH_METRIC_COUNTER, FH_UNIT_NONE, name, value,
                 "PCI Express errors, fatal (AER).", [at] { return read_errors(at).fatal; }});
  }
}

void Card::add_sensors() {
  std::vector<Sensor> sensors;
  for (const Hwmon& chip : hwmons_of(found_.folder)) {
    sensors.insert(sensors.end(), chip.sensors.begin(), chip.sensors.end());
  }
  add_wholes(sensors);
  for (const Sensor& each : sensors) {
    series_.add({each.kind->metric, each.kind->metric_kind, each.kind->unit, label_of(*each.kind),
                 each.name(), "As the driver's sensor shows it.",
                 [each] { return read_sensor(each); }});
  }
}

// The card's temperature is the hottest; its power or energy is known where one sensor measures it:
// several may measure parts, or the same thing twice.
void Card::add_wholes(const std::vector<Sensor>& sensors) {
  const auto only = [&](int32_t unit) {
    const Sensor* one = nullptr;
    for (const Sensor& each : sensors) {
      if (each.kind->unit != unit) continue;
      if (one != nullptr) return static_cast<const Sensor*>(nullptr);
      one = &each;
    }
    return one;
  };
  const bool warm = std::any_of(sensors.begin(), sensors.end(), [](const Sensor& each) {
    return each.kind->unit == FH_UNIT_CELSIUS;
  });
  if (warm) {
    series_.add({"temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "", "",
                 "Of the chip; of several sensors the hottest.",
                 [sensors] { return hottest(sensors); }});
  }
  if (const Sensor* one = only(FH_UNIT_WATT)) {
    series_.add({"power", FH_METRIC_GAUGE, FH_UNIT_WATT, "", "", "Drawn by the card.",
                 [sensor = *one] { return read_sensor(sensor); }});
  }
  if (const Sensor* one = only(FH_UNIT_JOULE)) {
    series_.add({"energy", FH_METRIC_COUNTER, FH_UNIT_JOULE, "", "", "Used by the card.",
                 [sensor = *one] { return read_sensor(sensor); }});
  }
}

void Card::look() {
  series_.clear();
  add_files();
  if (!found_.pci.empty()) add_link();
  add_sensors();
}

void Card::declare(Call& call) {
  require_present();
  look();
  series_.declare(call);
}

void Card::sample(Call& call, std::span<const uint32_t> ids) {
  require_present();
  if (series_.empty()) look();
  series_.sample(call, ids);
}

}  // namespace farmhand::accel
