// SPDX-License-Identifier: Apache-2.0
#include "series.hh"

#include <farmhand/metrics.h>

namespace farmhand::rebellions {

namespace {

constexpr uint32_t kSlowMs = 10'000;  // what changes with the machine, not with the load

struct Standard {
  std::string_view name;
  int32_t kind, unit;
  std::string_view help;
};
#define REBELLIONS_STANDARD(name, kind, unit, help) {name, kind, unit, help},
constexpr Standard kStandard[] = {FH_METRICS(REBELLIONS_STANDARD)};
#undef REBELLIONS_STANDARD

Series standard(std::string_view name, std::function<Reading()> read, uint32_t interval_ms = 0) {
  for (const Standard& each : kStandard) {
    if (each.name != name) continue;
    return {std::string(name),      each.kind,       each.unit,   {}, {},
            std::string(each.help), std::move(read), interval_ms, 0};
  }
  fail(FH_E_INTERNAL, "no standard metric is called '%s'", std::string(name).c_str());
}

Reading generation(const Reading& speed) {
  return speed.ok() ? good(generation_of(speed.value)) : speed;
}

void add_own(SeriesTable& table, Look& look) {
  table.add(standard("utilization", [&] { return look.utilization(); }));
  table.add(standard("temperature", [&] { return look.temperature(); }));
  table.add(standard("power", [&] { return look.power(); }));
  table.add(standard("performance.state", [&] { return look.power_state(); }));
  table.add(standard("throttle.reasons", [&] { return look.throttle(); }));
  table.add(standard("memory.used", [&] { return look.memory().used; }));
  table.add(standard(
      "memory.total", [&] { return look.memory().total; }, kSlowMs));
  table.add(standard("contexts", [&] {
    return Reading{look.contexts().status, look.contexts().count};
  }));
}

void add_link(SeriesTable& table, Look& look) {
  const auto add = [&](const char* name, std::function<Reading()> read) {
    table.add(standard(name, std::move(read), kSlowMs));
  };
  add("link.generation", [&] { return generation(look.link().speed); });
  add("link.width", [&] { return look.link().width; });
  add("link.generation.max", [&] { return generation(look.link().speed_max); });
  add("link.width.max", [&] { return look.link().width_max; });
  add("link.errors.corrected", [&] { return look.link_errors().corrected; });
  add("link.errors.nonfatal", [&] { return look.link_errors().nonfatal; });
  add("link.errors.fatal", [&] { return look.link_errors().fatal; });
}

// No public source says that there is a hwmon chip, let alone what its labels mean.
void add_sensors(SeriesTable& table, const Card& card) {
  for (const Sensor& sensor : card.sensors) {
    const int32_t unit = sensor.kind->unit;
    Series series = standard(sensor.kind->metric, [&sensor] { return read_sensor(sensor); });
    series.label = unit == FH_UNIT_VOLT || unit == FH_UNIT_AMPERE ? "rail" : "sensor";
    series.label_value = sensor.name();
    table.add(std::move(series));
  }
}

}  // namespace

SeriesTable& series_of(Look& look) {
  SeriesTable& table = look.card().memory->series;
  table.clear();
  if (look.card().state == FH_DEVICE_MANAGED) {
    add_own(table, look);
    add_sensors(table, look.card());
  }
  add_link(table, look);
  return table;
}

}  // namespace farmhand::rebellions
