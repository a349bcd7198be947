// SPDX-License-Identifier: Apache-2.0
#include <span>

#include "series.hh"

#include <farmhand/metrics.h>

namespace farmhand::sapeon {

namespace {

constexpr uint32_t kSlowMs = 10'000;

// The quantities in the order of the enum, then what is not the adapter's. Ids are places in here;
// hwmon's sensors follow.
constexpr std::string_view kNames[] = {"utilization",
                                       "utilization.memory",
                                       "memory.used",
                                       "memory.total",
                                       "temperature",
                                       "temperature.memory",
                                       "power",
                                       "power.limit",
                                       "energy",
                                       "clock.core",
                                       "inferences",
                                       "errors.corrected",
                                       "errors.uncorrected",
                                       "throttle.reasons",
                                       "link.generation",
                                       "link.width",
                                       "link.errors.corrected",
                                       "link.errors.nonfatal",
                                       "link.errors.fatal"};
constexpr uint32_t kThrottle = kQuantities;
constexpr uint32_t kLink = kThrottle + 1;
constexpr uint32_t kSensors = std::size(kNames);

struct Standard {
  std::string_view name;
  int32_t kind, unit;
  std::string_view help;
};
#define SAPEON_STANDARD(name, kind, unit, help) {name, kind, unit, help},
constexpr Standard kStandard[] = {
    {"inferences", FH_METRIC_COUNTER, FH_UNIT_NONE, "Inferences done."},
    FH_METRICS(SAPEON_STANDARD)};
#undef SAPEON_STANDARD

const Standard& standard(std::string_view name) {
  for (const Standard& each : kStandard) {
    if (each.name == name) return each;
  }
  fail(FH_E_INTERNAL, "no metric is called '%s'", std::string(name).c_str());
}

Reading link_reading(uint32_t which, const std::string& folder) {
  const PciLink link = read_link(folder);
  const PciErrors errors = read_errors(folder);
  switch (which) {
    case 0:
      return link.speed.ok() ? good(generation_of(link.speed.value)) : link.speed;
    case 1:
      return link.width;
    case 2:
      return errors.corrected;
    case 3:
      return errors.nonfatal;
    default:
      return errors.fatal;
  }
}

// The adapter's word for the chip's heat; hwmon's hottest sensor where there is no adapter, or one
// that speaks and names no heat. While an adapter is silent the series does not change its source.
Reading temperature(const Look& look) {
  const Reading said = look.reading(Quantity::kTemperature);
  if (said.status != FH_SAMPLE_UNKNOWN || look.unheard()) return said;
  Reading most = said;
  for (const Sensor& each : look.card().sensors) {
    if (each.kind->unit != FH_UNIT_CELSIUS) continue;
    const Reading reading = read_sensor(each);
    if (!reading.ok()) return reading;  // the unread one may be the hottest
    if (!most.ok() || reading.value > most.value) most = reading;
  }
  return most;
}

Reading reading_of(uint32_t id, const Look& look) {
  const Card& card = look.card();
  if (id >= kSensors) return read_sensor(card.sensors[id - kSensors]);
  if (id >= kLink) {
    return card.device ? link_reading(id - kLink, card.device->folder)
                       : no_reading(FH_SAMPLE_NOT_SUPPORTED);
  }
  if (id == kThrottle) return look.throttle();
  const auto quantity = static_cast<Quantity>(id);
  return quantity == Quantity::kTemperature ? temperature(look) : look.reading(quantity);
}

}  // namespace

void declare(Call& call, const Card& card) {
  for (uint32_t id = 0; id < kSensors; ++id) {
    const Standard& info = standard(kNames[id]);
    fh_metric record = metric_record(id, info.name, info.kind, info.unit, info.help);
    record.interval_ms = id >= kLink ? kSlowMs : 0;
    call.emit(record);
  }
  for (uint32_t at = 0; at < card.sensors.size(); ++at) {
    const Sensor& sensor = card.sensors[at];
    const Standard& info = standard(sensor.kind->metric);
    fh_metric record = metric_record(kSensors + at, info.name, info.kind, info.unit, info.help);
    const bool rail = info.unit == FH_UNIT_VOLT || info.unit == FH_UNIT_AMPERE;
    record.label = str(rail ? "rail" : "sensor");
    record.label_value = str(sensor.name());
    call.emit(record);
  }
}

// What the adapter said is as old as its run.
void emit_readings(Call& call, const Look& look, std::span<const uint32_t> ids) {
  for (const uint32_t id : ids) {
    call.check();
    if (id >= kSensors + look.card().sensors.size()) continue;
    const Reading reading = reading_of(id, look);
    const bool said = id <= kThrottle && look.said() != nullptr &&
                      (id == kThrottle || look.reading(static_cast<Quantity>(id)).ok());
    call.sample_with_status(id, reading.status, reading.value, said ? look.said_ns() : 0);
  }
}

}  // namespace farmhand::sapeon
