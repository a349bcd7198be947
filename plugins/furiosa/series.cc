// SPDX-License-Identifier: Apache-2.0
#include "series.hh"

#include <farmhand/metrics.h>

namespace farmhand::furiosa {

namespace {

constexpr uint32_t kSlowMs = 10'000;  // what changes with the machine, not with the load

struct Name {
  std::string_view name;
  uint32_t interval_ms;
};

// In the order of the enum; all are standard names.
constexpr Name kNames[] = {{"utilization", 0},
                           {"temperature", 0},
                           {"temperature.ambient", 0},
                           {"power", 0},
                           {"memory.used", 0},
                           {"memory.total", kSlowMs},
                           {"clock.core", 0},
                           {"clock.memory", kSlowMs},
                           {"throttle.reasons", 0},
                           {"errors.device", 0},
                           {"heartbeat", 0},
                           {"link.generation", kSlowMs},
                           {"link.width", kSlowMs},
                           {"link.generation.max", kSlowMs},
                           {"link.width.max", kSlowMs},
                           {"link.errors.corrected", kSlowMs},
                           {"link.errors.nonfatal", kSlowMs},
                           {"link.errors.fatal", kSlowMs},
                           {"core.utilization", 0},
                           {"core.occupied", 0},
                           {"core.clock", 0},
                           {"core.temperature", 0},
                           {"cycles", 0},
                           {"cycles.busy", 0}};

struct Standard {
  std::string_view name;
  int32_t kind, unit;
  std::string_view help;
};
#define FURIOSA_STANDARD(name, kind, unit, help) {name, kind, unit, help},
constexpr Standard kStandard[] = {FH_METRICS(FURIOSA_STANDARD)};
#undef FURIOSA_STANDARD

const Standard& standard(std::string_view name) {
  for (const Standard& each : kStandard) {
    if (each.name == name) return each;
  }
  fail(FH_E_INTERNAL, "no standard metric is called '%s'", std::string(name).c_str());
}

// The sensors with a place of their own among the quantities.
bool has_a_role(const Sensor& sensor) {
  const std::string_view label = sensor.label;
  return label == "PEAK" || label == "AMBIENT" || label == "RMS_TOTAL" ||
         label.starts_with("NPU_PE");
}

std::string_view label_of(const Sensor& sensor) {
  const int32_t unit = sensor.kind->unit;
  return unit == FH_UNIT_VOLT || unit == FH_UNIT_AMPERE ? "rail" : "sensor";
}

Reading generation(const Reading& speed) {
  return speed.ok() ? good(generation_of(speed.value)) : speed;
}

Reading counter(const CoreCounters& counters, uint64_t CoreCounters::*which) {
  return counters.ok() ? good(static_cast<double>(counters.*which)) : no_reading(counters.status);
}

Reading faults_total(const Faults& faults) {
  return faults.status == FH_SAMPLE_OK ? good(faults.total) : no_reading(faults.status);
}

Reading reading_of(const Series& series, Look& look) {
  const uint32_t core = series.part;
  switch (series.quantity) {
    case Quantity::kUtilization:
      return look.utilization_mean();
    case Quantity::kTemperature:
      return look.temperature();
    case Quantity::kAmbient:
      return look.ambient();
    case Quantity::kPower:
      return look.power();
    case Quantity::kMemoryUsed:
      return look.memory().used;
    case Quantity::kMemoryTotal:
      return look.memory().total;
    case Quantity::kClock:
      return look.clock_mean();
    case Quantity::kMemoryClock:
      return look.memory_clock();
    case Quantity::kThrottle:
      return look.throttle();
    case Quantity::kFaults:
      return faults_total(look.faults());
    case Quantity::kHeartbeat:
      return look.heartbeat();
    case Quantity::kLinkGeneration:
      return generation(look.link().speed);
    case Quantity::kLinkWidth:
      return look.link().width;
    case Quantity::kLinkGenerationMax:
      return generation(look.link().speed_max);
    case Quantity::kLinkWidthMax:
      return look.link().width_max;
    case Quantity::kLinkCorrected:
      return look.link_errors().corrected;
    case Quantity::kLinkNonfatal:
      return look.link_errors().nonfatal;
    case Quantity::kLinkFatal:
      return look.link_errors().fatal;
    case Quantity::kCoreUtilization:
      return look.utilization(core);
    case Quantity::kCoreOccupied:
      return look.occupied(core);
    case Quantity::kCoreClock:
      return look.clock(core);
    case Quantity::kCoreTemperature:
      return look.core_temperature(core);
    case Quantity::kCoreCycles:
      return counter(look.counters(core), &CoreCounters::all);
    case Quantity::kCoreBusyCycles:
      return counter(look.counters(core), &CoreCounters::busy);
    case Quantity::kSensor:
      return read_sensor(look.card().sensors[series.part]);
  }
  return no_reading(FH_SAMPLE_UNKNOWN);
}

template <class Add>
void for_quantities(Quantity first, Quantity last, Add add) {
  for (auto q = static_cast<uint8_t>(first); q <= static_cast<uint8_t>(last); ++q) {
    add(static_cast<Quantity>(q));
  }
}

}  // namespace

std::vector<Series> series_of(const Card& card) {
  std::vector<Series> all;
  const bool managed = card.state == FH_DEVICE_MANAGED;
  for_quantities(Quantity::kUtilization, Quantity::kLinkFatal, [&](Quantity quantity) {
    if (managed || quantity >= Quantity::kLinkGeneration) all.push_back({quantity});
  });
  if (!managed) return all;
  for_quantities(Quantity::kCoreUtilization, Quantity::kCoreBusyCycles, [&](Quantity quantity) {
    for (uint32_t core = 0; core < card.cores; ++core) {
      all.push_back({quantity, static_cast<uint16_t>(core)});
    }
  });
  for (size_t at = 0; at < card.sensors.size(); ++at) {
    if (!has_a_role(card.sensors[at]))
      all.push_back({Quantity::kSensor, static_cast<uint16_t>(at)});
  }
  return all;
}

void declare(Call& call, const Card& card, const std::vector<Series>& all) {
  for (uint32_t id = 0; id < all.size(); ++id) {
    const Series& series = all[id];
    const bool sensor = series.quantity == Quantity::kSensor;
    const Name name = sensor ? Name{card.sensors[series.part].kind->metric, 0}
                             : kNames[static_cast<size_t>(series.quantity)];
    const Standard& info = standard(name.name);
    fh_metric record = metric_record(id, info.name, info.kind, info.unit, info.help);
    record.interval_ms = name.interval_ms;
    const std::string part =
        sensor ? card.sensors[series.part].name() : std::to_string(series.part);
    if (sensor || series.quantity >= Quantity::kCoreUtilization) {
      record.label = str(sensor ? label_of(card.sensors[series.part]) : "core");
      record.label_value = str(part);
    }
    call.emit(record);
  }
}

void emit_reading(Call& call, uint32_t id, const Series& series, Look& look) {
  const Reading reading = reading_of(series, look);
  const bool counted = series.quantity == Quantity::kCoreUtilization && reading.ok();
  const uint64_t at_ns = counted ? look.card().memory->meters[series.part].value_ns() : 0;
  call.sample_with_status(id, reading.status, reading.value, at_ns);
}

}  // namespace farmhand::furiosa
