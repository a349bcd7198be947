// SPDX-License-Identifier: Apache-2.0
#include "look.hh"

#include <farmhand/metrics.h>

namespace farmhand::nvidia {

namespace {

// Beyond these no card of NVIDIA's is: what is outside is nonsense, not a reading.
constexpr double kHottest = 150;       // °C
constexpr double kStrongest = 10'000;  // W
constexpr double kFastest = 20'000;    // MHz
constexpr double kLargest = 1e15;      // bytes
constexpr uint64_t kReasonsMax = 0xffff;
constexpr uint32_t kReplaysMax = 0xfffffffe;

// All bits set is NVML's "not available" (NVML_VALUE_NOT_AVAILABLE) and no number.
template <class Value>
Reading counted(const Answer<Value>& answer) {
  if (!answer.ok()) return no_reading(status_of(answer.code));
  if (answer.value == static_cast<Value>(~Value{0})) return no_reading(FH_SAMPLE_ERROR);
  return good(static_cast<double>(answer.value));
}

MemoryUse memory_from(nvml::Ret code, uint64_t used, uint64_t total) {
  if (code != nvml::kSuccess) return {no_reading(status_of(code)), no_reading(status_of(code))};
  const auto all = static_cast<double>(total);
  const bool plausible = total > 0 && used <= total && all < kLargest;
  if (!plausible) return {no_reading(FH_SAMPLE_ERROR), no_reading(FH_SAMPLE_ERROR)};
  return {good(static_cast<double>(used)), good(all)};
}

double throttle_bits(uint64_t code) {
  uint32_t bits = 0;
  if (code & (nvml::kReasonSoftwareThermal | nvml::kReasonHardwareThermal)) {
    bits |= FH_THROTTLE_THERMAL;
  }
  if (code & nvml::kReasonPowerCap) bits |= FH_THROTTLE_POWER;
  if (code & (nvml::kReasonHardware | nvml::kReasonPowerBrake)) bits |= FH_THROTTLE_HARDWARE;
  if (code & (nvml::kReasonSetting | nvml::kReasonDisplay)) bits |= FH_THROTTLE_SETTING;
  const uint64_t named = nvml::kReasonIdle | nvml::kReasonSetting | nvml::kReasonPowerCap |
                         nvml::kReasonHardware | nvml::kReasonSoftwareThermal |
                         nvml::kReasonHardwareThermal | nvml::kReasonPowerBrake |
                         nvml::kReasonDisplay;
  if (code & ~named) bits |= FH_THROTTLE_OTHER;
  return bits;
}

Reading value_of(const nvml::FieldValue& field) {
  switch (field.type) {
    case nvml::kTypeDouble:
      return good(field.value.real);
    case nvml::kTypeU32:
      return counted(Answer<uint32_t>{nvml::kSuccess, field.value.u32});
    case nvml::kTypeUnsignedLong:
    case nvml::kTypeU64:
      return counted(Answer<uint64_t>{nvml::kSuccess, field.value.u64});
    case nvml::kTypeI64:
      return good(static_cast<double>(field.value.i64));
    case nvml::kTypeI32:
      return good(field.value.i32);
    case nvml::kTypeU16:
      return good(field.value.u16);
    default:
      return no_reading(FH_SAMPLE_ERROR);
  }
}

Reading sum(const Reading& a, const Reading& b) {
  if (!a.ok()) return a;
  return b.ok() ? good(a.value + b.value) : b;
}

}  // namespace

Look::Look(const Card& card, Nvml& library)
    : card_(card), library_(library), use_(library), api_(library.api()) {
  if (card.state == FH_DEVICE_NO_PERMISSION) fail(FH_E_PERMISSION, "%s", card.note.c_str());
  if (is_lost(card.code)) fail(FH_E_DEVICE_LOST, "%s: %s", card.key.c_str(), card.note.c_str());
  if (card.bus && !exists(card.bus->folder + "/vendor")) {
    fail(FH_E_DEVICE_LOST, "%s left the PCI bus", card.pci.c_str());
  }
  if (card.managed() && !use_.ready()) fail(FH_E_AGAIN, "NVIDIA's library is being opened anew");
}

void Look::require_present() const {
  if (!lost_) return;
  throw Failure(FH_E_DEVICE_LOST, card_.key + ": " + words_of(nvml::kGpuIsLost), nvml::kGpuIsLost);
}

nvml::Ret Look::heard(nvml::Ret code) {
  library_.note(code);
  lost_ = lost_ || is_lost(code);
  needs_reset_ = needs_reset_ || code == nvml::kResetRequired;
  return code;
}

template <class Value, class... Arguments, class... Given>
Answer<Value> Look::ask_of(nvml::Device device, nvml::Ret (*question)(nvml::Device, Arguments...),
                           Given... given) {
  Answer<Value> answer;
  if (question == nullptr || device == nullptr) {
    answer.code = nvml::kFunctionNotFound;
  } else if (lost_) {
    answer.code = nvml::kGpuIsLost;
  } else {
    answer.code = heard(question(device, given..., &answer.value));
  }
  return answer;
}

template <class... Arguments, class... Given>
Reading Look::number(double least, double most, nvml::Ret (*question)(nvml::Device, Arguments...),
                     Given... given) {
  return within(counted(ask<uint32_t>(question, given...)), least, most);
}

Reading Look::field(uint32_t id) {
  if (api_.fields == nullptr || !card_.managed()) return no_reading(FH_SAMPLE_NOT_SUPPORTED);
  if (lost_) return no_reading(FH_SAMPLE_ERROR);
  nvml::FieldValue value{};
  value.field = id;
  nvml::Ret code = heard(api_.fields(card_.device, 1, &value));
  if (code == nvml::kSuccess) code = heard(value.ret);
  // A driver that does not know the id says so with this code (nvml.h gives no other).
  if (code == nvml::kInvalidArgument) code = nvml::kNotSupported;
  return code == nvml::kSuccess ? value_of(value) : no_reading(status_of(code));
}

const Answer<nvml::Utilization>& Look::rates() {
  if (!rates_) rates_ = ask<nvml::Utilization>(api_.utilization);
  return *rates_;
}

Reading Look::utilization() {
  return within(counted(Answer<uint32_t>{rates().code, rates().value.gpu}), 0, 100);
}

Reading Look::memory_utilization() {
  return within(counted(Answer<uint32_t>{rates().code, rates().value.memory}), 0, 100);
}

// The older function counts what the driver keeps for itself as used.
MemoryUse Look::memory_of(nvml::Device device) {
  const auto newer = ask_of<nvml::Memory2>(device, api_.memory2);
  if (status_of(newer.code) != FH_SAMPLE_NOT_SUPPORTED) {
    return memory_from(newer.code, newer.value.used, newer.value.total);
  }
  const auto older = ask_of<nvml::Memory>(device, api_.memory);
  return memory_from(older.code, older.value.used, older.value.total);
}

const MemoryUse& Look::memory() {
  if (!memory_) memory_ = memory_of(card_.device);
  return *memory_;
}

Reading Look::temperature() {
  const auto newer = ask<nvml::Temperature>(api_.temperature_v);
  if (newer.ok()) return within(good(newer.value.celsius), 1, kHottest);
  if (status_of(newer.code) != FH_SAMPLE_NOT_SUPPORTED) return no_reading(status_of(newer.code));
  return number(1, kHottest, api_.temperature, 0u);
}

Reading Look::memory_temperature() {
  return within(field(nvml::kFieldMemoryTemperature), 1, kHottest);
}

Reading Look::slowdown_limit() {
  return number(1, kHottest, api_.threshold, nvml::kThresholdSlowdown);
}

Reading Look::shutdown_limit() {
  return number(1, kHottest, api_.threshold, nvml::kThresholdShutdown);
}

Reading Look::power() {
  return within(scaled(number(0, kReplaysMax, api_.power), 1e-3), 0.1, kStrongest);
}

Reading Look::power_limit() {
  return within(scaled(number(0, kReplaysMax, api_.power_limit), 1e-3), 0.1, kStrongest);
}

Reading Look::energy() {
  return scaled(counted(ask<uint64_t>(api_.energy)), 1e-3);
}

Reading Look::core_clock() {
  return number(0, kFastest, api_.clock, nvml::kClockSm);
}

Reading Look::memory_clock() {
  return number(0, kFastest, api_.clock, nvml::kClockMemory);
}

Reading Look::performance() {
  const Reading state = counted(ask<uint32_t>(api_.performance));
  if (state.ok() && state.value == nvml::kPstateUnknown) return no_reading(FH_SAMPLE_UNKNOWN);
  return within(state, 0, 15);
}

Reading Look::throttle() {
  const auto answer = ask<uint64_t>(api_.reasons);
  if (!answer.ok()) return no_reading(status_of(answer.code));
  throttle_code_ = answer.value;
  if (answer.value > kReasonsMax) return no_reading(FH_SAMPLE_ERROR);
  return good(throttle_bits(answer.value));
}

Reading Look::ecc(uint32_t error, uint32_t counter) {
  return counted(ask<uint64_t>(api_.ecc_errors, error, counter));
}

// Without a place to put them the library gives the pages' number, with either of two codes.
Reading Look::retired(uint32_t cause) {
  if (api_.retired == nullptr || !card_.managed()) return no_reading(FH_SAMPLE_NOT_SUPPORTED);
  if (lost_) return no_reading(FH_SAMPLE_ERROR);
  Answer<uint32_t> pages;
  pages.code = heard(api_.retired(card_.device, cause, &pages.value, nullptr));
  if (pages.code == nvml::kInsufficientSize) pages.code = nvml::kSuccess;
  return counted(pages);
}

const Repairs& Look::repairs() {
  if (repairs_) return *repairs_;
  nvml::Ret code = nvml::kFunctionNotFound;
  uint32_t corrected = 0, uncorrected = 0, pending = 0, failed = 0;
  if (lost_) code = nvml::kGpuIsLost;
  if (api_.remapped != nullptr && card_.managed() && !lost_) {
    code = heard(api_.remapped(card_.device, &corrected, &uncorrected, &pending, &failed));
  }
  const auto reading = [code](uint32_t value) { return counted(Answer<uint32_t>{code, value}); };
  repairs_ = {reading(corrected), reading(uncorrected), within(reading(pending), 0, 1),
              within(reading(failed), 0, 1)};
  if (status_of(code) != FH_SAMPLE_NOT_SUPPORTED) return *repairs_;
  repairs_ = {retired(nvml::kCauseSingleBit), retired(nvml::kCauseDoubleBit),
              number(0, 1, api_.retired_pending), no_reading(FH_SAMPLE_NOT_SUPPORTED), true};
  return *repairs_;
}

Reading Look::repaired() {
  return sum(repairs().corrected, repairs().uncorrected);
}

Reading Look::link_generation() {
  if (!card_.managed()) {
    const Reading speed = read_link(card_.bus->folder).speed;
    return speed.ok() ? good(generation_of(speed.value)) : speed;
  }
  return number(1, 8, api_.link_generation);
}

Reading Look::link_width() {
  return card_.managed() ? number(1, 32, api_.link_width) : read_link(card_.bus->folder).width;
}

Reading Look::link_generation_max() {
  if (!card_.managed()) {
    const Reading speed = reachable_link(card_.bus->folder).speed_max;
    return speed.ok() ? good(generation_of(speed.value)) : speed;
  }
  return number(1, 8, api_.link_generation_max);
}

Reading Look::link_width_max() {
  return card_.managed() ? number(1, 32, api_.link_width_max)
                         : reachable_link(card_.bus->folder).width_max;
}

Reading Look::replays() {
  return number(0, kReplaysMax, api_.replays);
}

const PciErrors& Look::link_errors() {
  constexpr Reading kNone{FH_SAMPLE_NOT_SUPPORTED, 0};
  if (!link_errors_) {
    link_errors_ = card_.bus ? read_errors(card_.bus->folder) : PciErrors{kNone, kNone, kNone};
  }
  return *link_errors_;
}

Reading Look::link_corrected() {
  return link_errors().corrected;
}

Reading Look::link_nonfatal() {
  return link_errors().nonfatal;
}

Reading Look::link_fatal() {
  return link_errors().fatal;
}

// Each process once, whatever number of slices it uses. A list that claims more than was asked for
// is nonsense.
Reading Look::processes_of(nvml::Device device) {
  if (api_.processes == nullptr || device == nullptr) return no_reading(FH_SAMPLE_NOT_SUPPORTED);
  constexpr uint32_t kMost = 65'536;
  std::vector<nvml::ProcessInfo> list(64);
  for (;;) {
    if (lost_) return no_reading(FH_SAMPLE_ERROR);
    auto count = static_cast<uint32_t>(list.size());
    const nvml::Ret code = heard(api_.processes(device, &count, list.data()));
    if (code == nvml::kInsufficientSize && count <= kMost && list.size() < kMost) {
      list.resize(std::max<size_t>(count, list.size()) * 2);
      continue;
    }
    if (code != nvml::kSuccess) return no_reading(status_of(code));
    if (count > list.size()) return no_reading(FH_SAMPLE_ERROR);
    std::set<uint32_t> pids;
    for (uint32_t at = 0; at < count; ++at) pids.insert(list[at].pid);
    return good(static_cast<double>(pids.size()));
  }
}

Reading Look::fabric_up(uint32_t link) {
  return number(0, 1, api_.fabric_state, link);
}

// Which kinds are counted depends on the generation of the link.
Reading Look::fabric_errors(uint32_t link) {
  Reading total = no_reading(FH_SAMPLE_NOT_SUPPORTED);
  for (uint32_t kind = 0; kind < nvml::kLinkErrorKinds; ++kind) {
    const Reading count = counted(ask<uint64_t>(api_.fabric_errors, link, kind));
    if (count.status == FH_SAMPLE_NOT_SUPPORTED) continue;
    if (!count.ok()) return count;
    total = good(total.value + count.value);
  }
  return total;
}

Reading Look::recovery_action() {
  return within(field(nvml::kFieldRecoveryAction), 0, nvml::kRecoveryMax);
}

}  // namespace farmhand::nvidia
