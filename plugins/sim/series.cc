// SPDX-License-Identifier: Apache-2.0
#include "series.hh"

#include <farmhand/telemetry.h>

#include <algorithm>

#include "noise.hh"

namespace farmhand::sim {

namespace {

// In the order of the enum.
// clang-format off
constexpr QuantityInfo kInfo[] = {
    {"utilization", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "", "Busy part of all cores."},
    {"temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "", "Of the chip."},
    {"power", FH_METRIC_GAUGE, FH_UNIT_WATT, "", "Drawn by the card."},
    {"memory.used", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "Device memory in use."},
    {"memory.total", FH_METRIC_GAUGE, FH_UNIT_BYTE, "", "Device memory there is."},
    {"clock.core", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, "", "Of the cores."},
    {"throttle.reasons", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "Bits: 1 temperature."},
    {"errors.corrected", FH_METRIC_COUNTER, FH_UNIT_NONE, "", "Memory errors corrected by ECC."},
    {"errors.uncorrected", FH_METRIC_COUNTER, FH_UNIT_NONE, "", "Memory errors beyond ECC."},
    {"energy", FH_METRIC_COUNTER, FH_UNIT_JOULE, "", "Used since the start."},
    {"temperature.memory", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "", "Of the hottest memory stack."},
    {"temperature.board", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "", "Of the board."},
    {"clock.memory", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, "", "Of the memory."},
    {"link.generation", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "PCI Express generation in use."},
    {"link.width", FH_METRIC_GAUGE, FH_UNIT_NONE, "", "PCI Express lanes in use."},
    {"cycles", FH_METRIC_COUNTER, FH_UNIT_NONE, "", "Clock cycles since the start."},
    {"cycles.busy", FH_METRIC_COUNTER, FH_UNIT_NONE, "", "Clock cycles that executed a task."},
    {"core.utilization", FH_METRIC_GAUGE, FH_UNIT_PERCENT, "core", "Busy part of the core."},
    {"core.temperature", FH_METRIC_GAUGE, FH_UNIT_CELSIUS, "core", "Of the core."},
    {"core.power", FH_METRIC_GAUGE, FH_UNIT_WATT, "core", "Drawn by the core."},
    {"core.clock", FH_METRIC_GAUGE, FH_UNIT_MEGAHERTZ, "core", "Of the core."},
    {"channel.throughput", FH_METRIC_GAUGE, FH_UNIT_BYTE_PER_SECOND, "channel", "Of the memory channel."},
};
// clang-format on

constexpr double kChannelBytesPerSecond = 50e9;

// A reading's own noise, up to `half` either way.
double jitter(const Series& series, const Card& card, double half) {
  const uint64_t stream = 1000 + static_cast<uint64_t>(series.quantity) * 65536 + series.part;
  return half * (2 * uniform(card.seed(), stream, card.step()) - 1);
}

// Cores share the work unevenly, and the unevenness moves slowly.
double core_load(const Series& series, const Card& card) {
  const double seconds = static_cast<double>(card.step()) * Card::kStepNs / 1e9;
  const double share = 0.8 + 0.4 * walk(card.seed(), 500 + series.part, seconds / 5);
  return std::clamp(card.state().utilization * share, 0.0, 1.0);
}

double core_power(const Series& series, const Card& card) {
  const Model& model = card.model();
  const double dynamic = (model.full_watt - model.idle_watt) * core_load(series, card);
  return (model.idle_watt + dynamic) / model.cores;
}

double part_value(const Series& series, const Card& card) {
  const CardState& now = card.state();
  const double load = core_load(series, card);
  const double clock = card.model().core_mhz * now.clock_ratio;
  switch (series.quantity) {
    case Quantity::kCoreUtilization:
      return 100 * load;
    case Quantity::kCoreTemperature:
      return now.chip_celsius - 4 + 4 * load + jitter(series, card, 0.2);
    case Quantity::kCorePower:
      return core_power(series, card);
    case Quantity::kCoreClock:
      return clock * (load > 0 ? 1 : 0.5);
    default:
      return kChannelBytesPerSecond * load * (1 + jitter(series, card, 0.05));
  }
}

}  // namespace

const QuantityInfo& info_of(Quantity quantity) {
  return kInfo[static_cast<size_t>(quantity)];
}

std::vector<Series> series_of(const Model& model, bool energy_counter, uint32_t count) {
  std::vector<Series> all;
  all.reserve(count);
  const auto add = [&](Quantity quantity, uint32_t part) {
    if (all.size() < count) all.push_back({quantity, static_cast<uint16_t>(part)});
  };
  for (auto q = Quantity::kUtilization; q < Quantity::kCoreUtilization;
       q = static_cast<Quantity>(static_cast<int>(q) + 1)) {
    if (q != Quantity::kEnergy || energy_counter) add(q, 0);
  }
  for (const Quantity q : {Quantity::kCoreUtilization, Quantity::kCoreTemperature,
                           Quantity::kCorePower, Quantity::kCoreClock}) {
    for (uint32_t core = 0; core < model.cores; ++core) add(q, core);
  }
  for (uint32_t channel = 0; all.size() < count; ++channel) {
    add(Quantity::kChannelThroughput, channel);
  }
  return all;
}

double value_of(const Series& series, const Card& card) {
  const CardState& now = card.state();
  const Model& model = card.model();
  const auto memory = static_cast<double>(model.memory_bytes);
  switch (series.quantity) {
    case Quantity::kUtilization:
      return 100 * now.utilization;
    case Quantity::kTemperature:
      return now.chip_celsius + jitter(series, card, 0.2);
    case Quantity::kPower:
      return now.power_watt * (1 + jitter(series, card, 0.01));
    case Quantity::kMemoryUsed:
      return std::floor(memory * now.memory_used / 4096) * 4096;
    case Quantity::kMemoryTotal:
      return memory;
    case Quantity::kClockCore:
      return model.core_mhz * now.clock_ratio;
    case Quantity::kThrottleReasons:
      return card.throttled() ? 1 : 0;
    case Quantity::kErrorsCorrected:
      return static_cast<double>(now.corrected);
    case Quantity::kErrorsUncorrected:
      return static_cast<double>(now.uncorrected);
    case Quantity::kEnergy:
      return now.energy_joule;
    case Quantity::kTemperatureMemory:
      return now.memory_celsius + jitter(series, card, 0.2);
    case Quantity::kTemperatureBoard:
      return now.board_celsius + jitter(series, card, 0.2);
    case Quantity::kClockMemory:
      return model.memory_mhz;
    case Quantity::kLinkGeneration:
      return model.link_generation;
    case Quantity::kLinkWidth:
      return model.link_width;
    case Quantity::kCycles:
      return std::floor(now.cycles);
    case Quantity::kBusyCycles:
      return std::floor(now.busy_cycles);
    default:
      return part_value(series, card);
  }
}

}  // namespace farmhand::sim
