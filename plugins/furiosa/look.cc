// SPDX-License-Identifier: Apache-2.0
#include "look.hh"

#include <farmhand/metrics.h>

namespace farmhand::furiosa {

namespace {

// The first place that has the value. Where none has it, the first that says more than "not
// offered" gives the reason.
template <class First, class... Rest>
Reading first_good(First first, Rest... rest) {
  const Reading reading = first();
  if constexpr (sizeof...(rest) > 0) {
    if (reading.ok()) return reading;
    const Reading other = first_good(rest...);
    if (other.ok() || reading.status == FH_SAMPLE_NOT_SUPPORTED) return other;
  }
  return reading;
}

// A mean over cores of which some are not known would be a guess.
template <class Of>
Reading mean(uint32_t cores, Of of) {
  if (cores == 0) return no_reading(FH_SAMPLE_NOT_SUPPORTED);
  double sum = 0;
  for (uint32_t core = 0; core < cores; ++core) {
    const Reading reading = of(core);
    if (!reading.ok()) return reading;
    sum += reading.value;
  }
  return good(sum / cores);
}

double throttle_bits(uint32_t code) {
  uint32_t bits = 0;
  if (code & smi::kThrottleThermal) bits |= FH_THROTTLE_THERMAL;
  if (code & smi::kThrottlePowerCap) bits |= FH_THROTTLE_POWER;
  if (code & smi::kThrottleClockCap) bits |= FH_THROTTLE_SETTING;
  if (code & (smi::kThrottleHardwareClock | smi::kThrottleHardwarePower)) {
    bits |= FH_THROTTLE_HARDWARE;
  }
  if (code & smi::kThrottleBus) bits |= FH_THROTTLE_LINK;
  if (code & smi::kThrottleOther) bits |= FH_THROTTLE_OTHER;
  return bits;
}

MemoryUse memory_from(const Answer<smi::OldMemory>& answer) {
  const auto none = [](int32_t status) {
    return MemoryUse{no_reading(status), no_reading(status)};
  };
  if (!answer.ok()) return none(answer.status);
  const auto total = static_cast<double>(answer.value->total_bytes);
  const auto used = static_cast<double>(answer.value->used_bytes);
  const bool plausible = total > 0 && used <= total && total < 1e15;
  return plausible ? MemoryUse{good(used), good(total)} : none(FH_SAMPLE_ERROR);
}

constexpr uint32_t kThrottleKnown = 0xFF;
constexpr Reading kNotOffered{FH_SAMPLE_NOT_SUPPORTED, 0};

}  // namespace

Look::Look(const Card& card, SharedLibrary& library, SmiTool& tool, const Call& call,
           const Root& root)
    : card_(card), library_(library), tool_(tool), call_(call), began_ns_(boottime_ns()) {
  if (card.state == FH_DEVICE_NO_PERMISSION) fail(FH_E_PERMISSION, "%s", card.note.c_str());
  if (card.places.pci && !exists(card.places.pci->folder + "/vendor")) {
    fail(FH_E_DEVICE_LOST, "%s left the PCI bus", card.pci.c_str());
  }
  if (card.places.driver) find_driver(root);
}

// The driver may have started anew since the enumeration and numbered its cards otherwise.
void Look::find_driver(const Root& root) {
  driver_ = card_.places.driver;
  if (is_still(*driver_)) return;
  driver_.reset();
  for (const DriverCard& each : find_driver_cards(root).cards) {
    const bool same = each.pci == card_.pci && each.uuid == card_.places.driver->uuid &&
                      each.serial == card_.places.driver->serial;
    if (same) driver_ = each;
  }
  if (!driver_) {
    fail(FH_E_DEVICE_LOST, "the driver does not show %s any more", card_.key.c_str());
  }
}

// Nothing: the card is not in the library, the library hangs elsewhere, or there is no time left.
template <class Ask>
auto Look::from_library(Ask ask) -> std::optional<decltype(ask(std::declval<SmiLibrary&>(), 0u))> {
  if (!card_.places.library || library_left_out_ || call_.remaining_ns() == 0) return std::nullopt;
  const std::unique_lock lock(library_.lock, SharedLibrary::kWait);
  library_left_out_ = !lock.owns_lock() || !library_.library.usable();
  if (library_left_out_) return std::nullopt;
  const uint32_t handle = card_.places.library->handle;
  if (!library_checked_ && !library_.library.is_still(handle, card_.pci)) {
    library_left_out_ = true;
    return std::nullopt;
  }
  library_checked_ = true;
  return ask(library_.library, handle);
}

template <class Struct, class Member>
Reading Look::library_reading(Answer<Struct> (SmiLibrary::*question)(uint32_t), Member member,
                              double least, double most) {
  const auto answer = from_library([&](SmiLibrary& l, uint32_t h) { return (l.*question)(h); });
  if (!answer)
    return no_reading(card_.places.library ? FH_SAMPLE_UNKNOWN : FH_SAMPLE_NOT_SUPPORTED);
  lost_ = lost_ || answer->lost;
  if (!answer->ok()) return no_reading(answer->status);
  return within(good(member(*answer->value)), least, most);
}

// A report that is too old to stand for now is none.
const ToolCard* Look::tool_card() {
  if (!card_.places.tool) return nullptr;
  if (!report_) report_ = tool_.report(call_);
  if (!report_ || began_ns_ > report_->boottime_ns + 2 * SmiTool::kEveryNs) return nullptr;
  for (const ToolCard& each : report_->cards) {
    const bool same =
        each.pci == card_.places.tool->pci && each.serial == card_.places.tool->serial;
    if (same) return &each;
  }
  return nullptr;
}

Reading Look::sensor(std::string_view label) {
  const Sensor* sensor = card_.find_sensor(label);
  return sensor != nullptr ? read_sensor(*sensor) : kNotOffered;
}

Reading Look::hottest() {
  Reading most = kNotOffered;
  for (const Sensor& each : card_.sensors) {
    if (each.kind->unit != FH_UNIT_CELSIUS || each.label == "AMBIENT") continue;
    const Reading reading = read_sensor(each);
    if (!reading.ok()) return reading;  // the unread one may be the hottest
    if (!most.ok() || reading.value > most.value) most = reading;
  }
  return most;
}

Reading Look::temperature() {
  return first_good(
      [&] { return card_.find_sensor("PEAK") != nullptr ? sensor("PEAK") : hottest(); },
      [&] {
        return library_reading(
            &SmiLibrary::temperature, [](const smi::Temperature& t) { return t.peak; }, 1, 200);
      },
      [&] { return tool_card() != nullptr ? tool_card()->temperature : kNotOffered; });
}

Reading Look::ambient() {
  return first_good([&] { return sensor("AMBIENT"); },
                    [&] {
                      return library_reading(
                          &SmiLibrary::temperature,
                          [](const smi::Temperature& t) { return t.ambient; }, 1, 100);
                    });
}

Reading Look::core_temperature(uint32_t core) {
  return sensor("NPU_PE" + std::to_string(core));
}

Reading Look::power() {
  return first_good([&] { return sensor("RMS_TOTAL"); },
                    [&] {
                      return library_reading(
                          &SmiLibrary::power, [](const smi::Power& p) { return p.rms_total; }, 0.01,
                          10'000);
                    },
                    [&] { return tool_card() != nullptr ? tool_card()->power : kNotOffered; });
}

Reading Look::clock(uint32_t core) {
  if (!clocks_ && driver_) clocks_ = read_clocks(*driver_, card_.cores);
  const auto driver = [&] { return driver_ ? (*clocks_)[core] : kNotOffered; };
  if (driver().ok()) return driver();
  const auto library =
      from_library([&](SmiLibrary& l, uint32_t h) { return l.clocks(h, card_.cores); });
  return first_good(driver, [&] { return library ? (*library)[core] : kNotOffered; });
}

Reading Look::clock_mean() {
  return first_good([&] { return mean(card_.cores, [&](uint32_t core) { return clock(core); }); },
                    [&] { return tool_card() != nullptr ? tool_card()->clock : kNotOffered; });
}

Reading Look::memory_clock() {
  return library_reading(
      &SmiLibrary::memory_clock, [](uint32_t megahertz) { return megahertz; }, 1, 100'000);
}

Reading Look::occupied(uint32_t core) {
  if (!occupied_ && driver_) occupied_ = read_occupancy(*driver_, card_.cores);
  const auto driver = [&] { return driver_ ? (*occupied_)[core] : kNotOffered; };
  if (driver().ok()) return driver();
  const auto library =
      from_library([&](SmiLibrary& l, uint32_t h) { return l.occupancy(h, card_.cores); });
  return first_good(
      driver, [&] { return library ? (*library)[core] : kNotOffered; },
      [&] {
        const ToolCard* tool = tool_card();
        return tool != nullptr && core < tool->occupied.size() ? tool->occupied[core] : kNotOffered;
      });
}

// All cores from one place, so that a card's cores are comparable.
std::vector<CoreCounters> Look::read_all_counters() {
  std::vector<CoreCounters> all(card_.cores, {.status = FH_SAMPLE_NOT_SUPPORTED});
  for (uint32_t core = 0; driver_ && core < card_.cores; ++core) {
    all[core] = read_counters(*driver_, core);
  }
  const bool offered = !all.empty() && all[0].status != FH_SAMPLE_NOT_SUPPORTED;
  if (offered) return all;
  return from_library([&](SmiLibrary& l, uint32_t h) { return l.counters(h, card_.cores); })
      .value_or(std::move(all));
}

const CoreCounters& Look::counters(uint32_t core) {
  if (!counters_) counters_ = read_all_counters();
  return (*counters_)[core];
}

Reading Look::utilization(uint32_t core) {
  const ToolCard* tool = tool_card();
  if (tool != nullptr) {
    return core < tool->utilization.size() ? tool->utilization[core] : kNotOffered;
  }
  return card_.memory->meters[core].look(counters(core), boottime_ns());
}

Reading Look::utilization_mean() {
  return mean(card_.cores, [&](uint32_t core) { return utilization(core); });
}

const MemoryUse& Look::memory() {
  if (memory_) return *memory_;
  memory_ = driver_ ? read_memory(*driver_, card_.cores) : MemoryUse{kNotOffered, kNotOffered};
  if (memory_->used.ok()) return *memory_;
  const auto answer = from_library([](SmiLibrary& l, uint32_t h) { return l.memory(h); });
  if (answer) lost_ = lost_ || answer->lost;
  if (answer && answer->status != FH_SAMPLE_NOT_SUPPORTED) memory_ = memory_from(*answer);
  if (const ToolCard* tool = tool_card()) memory_ = tool->memory;
  return *memory_;
}

Reading Look::throttle() {
  const Reading code = library_reading(
      &SmiLibrary::throttle, [](uint32_t code) { return code; }, 0, kThrottleKnown);
  if (!code.ok()) return code;
  throttle_code_ = static_cast<uint32_t>(code.value);
  return good(throttle_bits(throttle_code_));
}

Reading Look::heartbeat() {
  return driver_ ? read_heartbeat(*driver_) : kNotOffered;
}

const Faults& Look::faults() {
  if (!faults_) {
    faults_ =
        driver_ ? read_faults(*driver_) : Faults{.status = FH_SAMPLE_NOT_SUPPORTED, .lines = {}};
  }
  return *faults_;
}

const PciLink& Look::link() {
  if (!link_) {
    link_ = card_.places.pci ? read_link(card_.places.pci->folder)
                             : PciLink{kNotOffered, kNotOffered, kNotOffered, kNotOffered};
  }
  return *link_;
}

const PciErrors& Look::link_errors() {
  if (!link_errors_) {
    link_errors_ = card_.places.pci ? read_errors(card_.places.pci->folder)
                                    : PciErrors{kNotOffered, kNotOffered, kNotOffered};
  }
  return *link_errors_;
}

// Where the driver's file is missing the library's liveness stands in, then the tool's.
State Look::state() {
  if (driver_) {
    State state = read_state(*driver_);
    if (state.status != FH_SAMPLE_NOT_SUPPORTED) return state;
  }
  const auto answer = from_library([](SmiLibrary& l, uint32_t h) { return l.liveness(h); });
  if (answer) lost_ = lost_ || answer->lost;
  if (answer && answer->ok()) {
    const uint8_t alive = *answer->value;
    return {alive == 1   ? Liveness::kAlive
            : alive == 0 ? Liveness::kDead
                         : Liveness::kUnknown,
            FH_SAMPLE_OK, std::to_string(alive)};
  }
  if (const ToolCard* tool = tool_card()) return {tool->liveness, FH_SAMPLE_OK, {}};
  return {Liveness::kUnknown, answer ? answer->status : FH_SAMPLE_NOT_SUPPORTED, {}};
}

}  // namespace farmhand::furiosa
