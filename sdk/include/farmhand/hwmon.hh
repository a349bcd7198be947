// SPDX-License-Identifier: Apache-2.0
// A device's sensors as the kernel's hwmon drivers show them, in our units. `hwmon3` may be
// `hwmon5` after the next boot: look a chip up by its device's folder or by its name, and a sensor
// by its label.
//
//   for (const farmhand::Hwmon& chip : farmhand::hwmons_of(pci.folder))
//     for (const farmhand::Sensor& each : chip.sensors) give(call, id, read_sensor(each));
//
// File names and units: linux Documentation/hwmon/sysfs-interface.rst.
#pragma once

#include "farmhand/sysfs.hh"

namespace farmhand {

// What is physically possible of a card in a server, in our units, and the smallest magnitude
// beside zero that is believed. The last is what finds a driver that has the unit wrong: 45 in
// temp1_input is 45 °C meant as such, and taken for m°C would show a cool 0.045 °C.
struct Plausible {
  double least;
  double most;
  double smallest;
  bool zero;  // whether an exact zero may be real: a fan at rest, but no chip at 0 °C
};

struct SensorKind {
  const char* prefix;
  int32_t metric_kind;
  int32_t unit;
  double factor;  // from the file's unit to ours
  const char* metric;
  Plausible plausible;
};

// A reading outside of these bounds is an error. Downsides: a room sensor within a degree of the
// freezing point, or a rail below 10 mW, is an error too; a plugin that knows better passes its own
// bounds to read_sensor.
// clang-format off
inline constexpr SensorKind kSensorKinds[] = {
    {"temp",   FH_METRIC_GAUGE,   FH_UNIT_CELSIUS, 1e-3, "temperature", {-40, 200, 1, false}},
    {"power",  FH_METRIC_GAUGE,   FH_UNIT_WATT,    1e-6, "power",       {0, 1e4, 0.01, true}},
    {"energy", FH_METRIC_COUNTER, FH_UNIT_JOULE,   1e-6, "energy",      {0, 1e15, 0, true}},
    {"in",     FH_METRIC_GAUGE,   FH_UNIT_VOLT,    1e-3, "voltage",     {-100, 1000, 0, true}},
    {"curr",   FH_METRIC_GAUGE,   FH_UNIT_AMPERE,  1e-3, "current",     {-1e4, 1e4, 0, true}},
    {"fan",    FH_METRIC_GAUGE,   FH_UNIT_RPM,     1,    "fan",         {0, 1e5, 0, true}},
};
// clang-format on

struct Sensor {
  const SensorKind* kind = nullptr;
  std::string id;     // `temp1`
  std::string label;  // what temp1_label says; empty: there is none
  std::string base;   // the path up to `temp1`
  std::string value;  // the path of the value: `…/temp1_input` or `…/power1_average`

  const std::string& name() const { return label.empty() ? id : label; }
};

struct Hwmon {
  std::string folder;
  std::string name;
  std::vector<Sensor> sensors;
};

inline Reading checked(const Reading& reading, const Plausible& bounds) {
  const double size = std::abs(reading.value);
  const bool believed = size == 0 ? bounds.zero : size >= bounds.smallest;
  if (reading.ok() && !believed) return no_reading(FH_SAMPLE_ERROR);
  return within(reading, bounds.least, bounds.most);
}

// A sensor that reports its own fault (`temp1_fault` is 1) is an error whatever its value.
inline Reading read_sensor(const Sensor& sensor, const Plausible& bounds) {
  if (find_integer(sensor.base + "_fault") == 1) return no_reading(FH_SAMPLE_ERROR);
  return checked(read_number(sensor.value, sensor.kind->factor), bounds);
}
inline Reading read_sensor(const Sensor& sensor) {
  return read_sensor(sensor, sensor.kind->plausible);
}

// A limit of the sensor: `crit`, `emergency`, `max`, `cap`.
inline Reading read_limit(const Sensor& sensor, std::string_view which) {
  return checked(read_number(sensor.base + "_" + std::string(which), sensor.kind->factor),
                 sensor.kind->plausible);
}

// The hottest temperature; not known if one of the sensors fails, for that may be the hottest.
inline Reading hottest(const std::vector<Sensor>& sensors) {
  Reading most;
  for (const Sensor& each : sensors) {
    if (each.kind->unit != FH_UNIT_CELSIUS) continue;
    const Reading now = read_sensor(each);
    if (!now.ok()) return now;
    if (!most.ok() || now.value > most.value) most = now;
  }
  return most;
}

// `temp1_input` and `power1_average`; of a chip that has both for one sensor, the input.
inline std::optional<Sensor> find_sensor(const std::string& folder, const Names& files,
                                         std::string_view file) {
  const bool average = file.ends_with("_average");
  if (!average && !file.ends_with("_input")) return std::nullopt;
  const std::string id(file.substr(0, file.rfind('_')));
  const std::string base = folder + "/" + id;
  if (average && std::binary_search(files.begin(), files.end(), id + "_input")) return std::nullopt;
  for (const SensorKind& kind : kSensorKinds) {
    const std::string_view prefix = kind.prefix;
    if (!id.starts_with(prefix) || !integer_from<uint32_t>(id.substr(prefix.size()))) continue;
    return Sensor{&kind, id, word_in_file(base + "_label"), base, folder + "/" + std::string(file)};
  }
  return std::nullopt;
}

inline Hwmon read_hwmon(const std::string& folder) {
  Hwmon chip{folder, word_in_file(folder + "/name"), {}};
  const Names files = names_in(folder);
  for (const std::string& file : files) {
    if (auto sensor = find_sensor(folder, files, file)) chip.sensors.push_back(std::move(*sensor));
  }
  return chip;
}

// The chips of the device in `folder`, of which there may be none.
inline std::vector<Hwmon> hwmons_of(const std::string& folder) {
  std::vector<Hwmon> chips;
  for (const std::string& each : names_in(folder + "/hwmon")) {
    if (each.starts_with("hwmon")) chips.push_back(read_hwmon(folder + "/hwmon/" + each));
  }
  return chips;
}

// The chips of this name, for devices that do not own theirs: `coretemp`, `k10temp`.
inline std::vector<Hwmon> hwmons_named(const Root& root, std::string_view name) {
  std::vector<Hwmon> chips;
  for (const std::string& each : names_in(root / "sys/class/hwmon")) {
    const std::string folder = root / ("sys/class/hwmon/" + each);
    if (word_in_file(folder + "/name") == name) chips.push_back(read_hwmon(folder));
  }
  return chips;
}

}  // namespace farmhand
