// SPDX-License-Identifier: Apache-2.0
#include "series.hh"

#include <farmhand/metrics.h>

#include <span>

#include "slices.hh"

namespace farmhand::nvidia {

namespace {

constexpr uint32_t kSlowMs = 10'000;  // what changes with the machine, not with the load

struct Quantity {
  std::string_view name;
  uint32_t interval_ms;
  Reading (Look::*read)();
  std::string_view help = {};  // of a name of our own: a counter without unit
};

// clang-format off
constexpr Quantity kBus[] = {
    {"link.generation", kSlowMs, &Look::link_generation},
    {"link.width", kSlowMs, &Look::link_width},
    {"link.generation.max", kSlowMs, &Look::link_generation_max},
    {"link.width.max", kSlowMs, &Look::link_width_max},
    {"link.errors.corrected", kSlowMs, &Look::link_corrected},
    {"link.errors.nonfatal", kSlowMs, &Look::link_nonfatal},
    {"link.errors.fatal", kSlowMs, &Look::link_fatal},
};

constexpr Quantity kCard[] = {
    {"utilization", 0, &Look::utilization},
    {"utilization.memory", 0, &Look::memory_utilization},
    {"memory.used", 0, &Look::memory_used},
    {"memory.total", kSlowMs, &Look::memory_total},
    {"temperature", 0, &Look::temperature},
    {"temperature.memory", 0, &Look::memory_temperature},
    {"temperature.limit", kSlowMs, &Look::slowdown_limit},
    {"power", 0, &Look::power},
    {"power.limit", kSlowMs, &Look::power_limit},
    {"energy", 0, &Look::energy},
    {"clock.core", 0, &Look::core_clock},
    {"clock.memory", 0, &Look::memory_clock},
    {"performance.state", 0, &Look::performance},
    {"throttle.reasons", 0, &Look::throttle},
    {"processes", 0, &Look::processes},
    {"errors.corrected", kSlowMs, &Look::corrected},
    {"errors.uncorrected", kSlowMs, &Look::uncorrected},
    {"errors.corrected.volatile", kSlowMs, &Look::corrected_now, "Memory errors corrected since the driver's start."},
    {"errors.uncorrected.volatile", kSlowMs, &Look::uncorrected_now, "Memory errors beyond correction since the driver's start."},
    {"memory.remapped", kSlowMs, &Look::repaired},
    {"memory.remapped.corrected", kSlowMs, &Look::repaired_corrected, "Memory rows or pages replaced because of corrected errors."},
    {"memory.remapped.uncorrected", kSlowMs, &Look::repaired_uncorrected, "Memory rows or pages replaced because of errors beyond correction."},
    {"memory.remap.pending", kSlowMs, &Look::repair_pending},
    {"memory.remap.failed", kSlowMs, &Look::repair_failed, "1 once a memory row could not be replaced."},
    {"link.replays", kSlowMs, &Look::replays},
};
// clang-format on

constexpr uint32_t kBusCount = std::size(kBus);
constexpr uint32_t kCardCount = std::size(kCard);
constexpr uint32_t kFirstOfLinks = 64;    // two for each NVLink: up, errors
constexpr uint32_t kFirstOfSlices = 256;  // three for each slice that was ever seen
constexpr uint32_t kIdsMax = 65'536;      // telemetry.h
static_assert(kBusCount + kCardCount <= kFirstOfLinks);
static_assert(kFirstOfLinks + 2 * nvml::kLinksMax <= kFirstOfSlices);

struct Standard {
  std::string_view name;
  int32_t kind, unit;
  std::string_view help;
};
#define NVIDIA_STANDARD(name, kind, unit, help) {name, kind, unit, help},
constexpr Standard kStandard[] = {FH_METRICS(NVIDIA_STANDARD)};
#undef NVIDIA_STANDARD

Standard named(std::string_view name, std::string_view help = {}) {
  for (const Standard& each : kStandard) {
    if (each.name == name) return each;
  }
  return {name, FH_METRIC_COUNTER, FH_UNIT_NONE, help};
}

const Quantity& quantity(uint32_t id) {
  return id < kBusCount ? kBus[id] : kCard[id - kBusCount];
}

uint32_t wholes_of(const Card& card) {
  if (card.managed()) return kBusCount + kCardCount;
  return card.bus ? kBusCount : 0;
}

void declare_link(Call& call, uint32_t link) {
  const std::string number = std::to_string(link);
  for (const uint32_t which : {0u, 1u}) {
    const Standard info = named(which == 0 ? "fabric.up" : "fabric.errors");
    fh_metric record =
        metric_record(kFirstOfLinks + 2 * link + which, info.name, info.kind, info.unit, info.help);
    record.interval_ms = kSlowMs;
    record.label = str("link");
    record.label_value = str(number);
    call.emit(record);
  }
}

constexpr std::string_view kSliceSeries[] = {"memory.used", "memory.total", "processes"};
constexpr uint32_t kSliceSeriesCount = std::size(kSliceSeries);

uint32_t first_of(const Card& card, const Slice& slice) {
  auto& slices = card.memory->slices;
  const auto next = static_cast<uint32_t>(slices.size());
  return kFirstOfSlices + kSliceSeriesCount * slices.try_emplace(slice.key, next).first->second;
}

// Of a list that cannot be had now there are no series; the card's own go on.
std::vector<Slice> slices_now(Look& look) {
  try {
    return slices_of(look.card(), look.api()).all;
  } catch (const Failure&) {
    return {};
  }
}

void declare_slice(Call& call, const Card& card, const Slice& slice) {
  const uint32_t first = first_of(card, slice);
  if (first + kSliceSeriesCount > kIdsMax) return;
  for (uint32_t which = 0; which < kSliceSeriesCount; ++which) {
    const Standard info = named(kSliceSeries[which]);
    fh_metric record = metric_record(first + which, info.name, info.kind, info.unit, info.help);
    record.label = str("slice");
    record.label_value = str(slice.key);
    call.emit(record);
  }
}

void sample_slices(Call& call, Look& look, std::span<const uint32_t> ids) {
  const auto asked = [&](uint32_t id) { return std::count(ids.begin(), ids.end(), id) != 0; };
  const bool any =
      std::any_of(ids.begin(), ids.end(), [](uint32_t id) { return id >= kFirstOfSlices; });
  if (!any) return;
  for (const Slice& slice : slices_now(look)) {
    call.check();
    const uint32_t first = first_of(look.card(), slice);
    const MemoryUse memory = look.memory_of(slice.device);
    if (asked(first)) give(call, first, memory.used);
    if (asked(first + 1)) give(call, first + 1, memory.total);
    if (asked(first + 2)) give(call, first + 2, look.processes_of(slice.device));
  }
}

}  // namespace

void declare_series(Call& call, Look& look) {
  const Card& card = look.card();
  for (uint32_t id = 0; id < wholes_of(card); ++id) {
    const Quantity& each = quantity(id);
    const Standard info = named(each.name, each.help);
    fh_metric record = metric_record(id, info.name, info.kind, info.unit, info.help);
    record.interval_ms = each.interval_ms;
    call.emit(record);
  }
  for (const uint32_t link : card.links) declare_link(call, link);
  for (const Slice& slice : slices_now(look)) declare_slice(call, card, slice);
}

void sample_series(Call& call, Look& look, std::span<const uint32_t> ids) {
  const Card& card = look.card();
  for (const uint32_t id : ids) {
    call.check();
    if (id < wholes_of(card)) {
      give(call, id, (look.*quantity(id).read)());
      continue;
    }
    const uint32_t link = (id - kFirstOfLinks) / 2;
    if (id < kFirstOfLinks || std::count(card.links.begin(), card.links.end(), link) == 0) continue;
    give(call, id, id % 2 == 0 ? look.fabric_up(link) : look.fabric_errors(link));
  }
  sample_slices(call, look, ids);
}

}  // namespace farmhand::nvidia
