// SPDX-License-Identifier: Apache-2.0
#include "health.hh"

#include <farmhand/metrics.h>
#include <farmhand/checks.hh>

namespace farmhand::nvidia {

namespace {

// NVIDIA replaces a board with 60 retired pages (Dynamic Page Retirement, docs.nvidia.com/deploy).
constexpr double kPagesMost = 60;
// Below this a link may rest at a lower rate to save power.
constexpr double kBusyPercent = 10;

void check_identity(Call& call, const Card& card) {
  if (!card.uuid.empty()) return call.emit(ok_record("identity"));
  emit_verdict(call, "identity", FH_VERDICT_WARN, FH_REASON_DEVICE_IDENTITY,
               "the UUID is not plausible: the card is known by its slot only");
}

// After all other questions, for any answer may have said that the card needs a reset.
void check_recovery(Call& call, Look& look) {
  const Reading action = look.recovery_action();
  if (look.needs_reset()) {
    emit_verdict(call, "recovery", FH_VERDICT_FAIL, FH_REASON_DEVICE_RESET_REQUIRED,
                 words_of(nvml::kResetRequired));
  } else if (action.status == FH_SAMPLE_NOT_SUPPORTED) {
    call.emit(ok_record("recovery"));
  } else if (!action.ok()) {
    emit_unread(call, "recovery", "the driver's recovery action", action);
  } else if (action.value == nvml::kRecoveryNone) {
    call.emit(ok_record("recovery"));
  } else {
    const bool reboot = action.value == nvml::kRecoveryReboot;
    emit_verdict(call, "recovery", FH_VERDICT_FAIL,
                 reboot ? FH_REASON_DEVICE_REBOOT_REQUIRED : FH_REASON_DEVICE_RESET_REQUIRED,
                 said("the driver asks for recovery action %.0f", action.value));
  }
  emit_evidence(call, "recovery.action", action, FH_UNIT_NONE);
}

// Errors since the driver's start stand until the reset that NVIDIA asks for; the card's lifetime
// count only matters where it grows.
void check_ecc(Call& call, Look& look) {
  const Reading now = look.uncorrected_now(), ever = look.uncorrected();
  const bool offered =
      now.status != FH_SAMPLE_NOT_SUPPORTED || ever.status != FH_SAMPLE_NOT_SUPPORTED;
  if (!offered) return;
  const Reading& unread = !now.ok() && now.status != FH_SAMPLE_NOT_SUPPORTED ? now : ever;
  if (!unread.ok() && unread.status != FH_SAMPLE_NOT_SUPPORTED) {
    return emit_unread(call, "memory.ecc", "the count of memory errors", unread);
  }
  Growth& growth = look.card().memory->uncorrected;
  const Growth::State state = growth.look(ever);
  if ((now.ok() && now.value > 0) || growth.ever_grown()) {
    emit_verdict(call, "memory.ecc", FH_VERDICT_FAIL, FH_REASON_MEMORY_UNCORRECTED,
                 said("memory errors beyond correction: %.0f since the driver's start, %.0f ever",
                      now.value, ever.value));
  } else if (state == Growth::State::kBack) {
    emit_verdict(call, "memory.ecc", FH_VERDICT_UNKNOWN, FH_REASON_DEVICE_WAS_RESET,
                 "the card's lifetime count of memory errors went back");
  } else {
    call.emit(ok_record("memory.ecc"));
  }
  emit_evidence(call, "errors.uncorrected.volatile", now, FH_UNIT_NONE);
  emit_evidence(call, "errors.uncorrected", ever, FH_UNIT_NONE);
  emit_evidence(call, "errors.corrected.volatile", look.corrected_now(), FH_UNIT_NONE);
}

void check_repairs(Call& call, Look& look) {
  const Repairs& all = look.repairs();
  const Reading total = look.repaired();
  if (all.pending.status == FH_SAMPLE_NOT_SUPPORTED) return;
  for (const Reading* each : {&all.pending, &all.failed, &total}) {
    if (each->ok() || each->status == FH_SAMPLE_NOT_SUPPORTED) continue;
    return emit_unread(call, "memory.remap", "the state of repaired memory", *each);
  }
  const char* what = all.pages ? "pages" : "rows";
  if (all.failed.ok() && all.failed.value > 0) {
    emit_verdict(call, "memory.remap", FH_VERDICT_FAIL, FH_REASON_MEMORY_REMAP_FAILED,
                 "a memory row could not be replaced");
  } else if (all.pending.value > 0) {
    emit_verdict(call, "memory.remap", FH_VERDICT_WARN, FH_REASON_MEMORY_REMAP_PENDING,
                 said("memory %s wait for a reset to be replaced", what));
  } else if (all.pages && total.ok() && total.value >= kPagesMost) {
    emit_verdict(call, "memory.remap", FH_VERDICT_WARN, FH_REASON_MEMORY_RETIRED,
                 said("%.0f memory pages are retired", total.value));
  } else {
    call.emit(ok_record("memory.remap"));
  }
  emit_evidence(call, "memory.remapped.corrected", all.corrected, FH_UNIT_NONE);
  emit_evidence(call, "memory.remapped.uncorrected", all.uncorrected, FH_UNIT_NONE);
}

void check_temperature(Call& call, Look& look) {
  const Reading now = look.temperature();
  const Reading slow = look.slowdown_limit(), off = look.shutdown_limit();
  if (!now.ok()) return emit_unread(call, "temperature", "the temperature", now);
  const bool fails = off.ok() && now.value >= off.value;
  if (fails || (slow.ok() && now.value >= slow.value)) {
    emit_verdict(call, "temperature", fails ? FH_VERDICT_FAIL : FH_VERDICT_WARN,
                 FH_REASON_TEMPERATURE_HIGH,
                 said("the chip has %.0f °C, its limit is %.0f °C", now.value,
                      fails ? off.value : slow.value));
  } else {
    call.emit(ok_record("temperature"));
  }
  fh_evidence evidence = evidence_record("temperature", now.value, FH_UNIT_CELSIUS);
  evidence.bounds = slow.ok() ? FH_BOUND_MOST : 0;
  evidence.most = slow.value;
  call.emit(evidence);
  emit_evidence(call, "temperature.memory", look.memory_temperature(), FH_UNIT_CELSIUS);
}

void check_power(Call& call, Look& look) {
  const Reading now = look.power();
  if (!now.ok()) return emit_unread(call, "power", "the power", now);
  call.emit(ok_record("power"));
  call.emit(evidence_record("power", now.value, FH_UNIT_WATT));
  emit_evidence(call, "power.limit", look.power_limit(), FH_UNIT_WATT);
}

const char* throttle_reason(uint64_t code) {
  if (code & (nvml::kReasonHardwareThermal | nvml::kReasonSoftwareThermal)) {
    return FH_REASON_THROTTLE_THERMAL;
  }
  return FH_REASON_THROTTLE_HARDWARE;
}

// The power limit is where a busy card runs, and a clock setting is an operator's: neither is a
// fault.
void check_throttle(Call& call, Look& look) {
  const Reading bits = look.throttle();
  if (bits.status == FH_SAMPLE_NOT_SUPPORTED) return;
  if (!bits.ok()) return emit_unread(call, "throttle", "the reason for lower clocks", bits);
  const uint64_t code = look.throttle_code();
  const uint64_t faults = nvml::kReasonHardware | nvml::kReasonSoftwareThermal |
                          nvml::kReasonHardwareThermal | nvml::kReasonPowerBrake;
  if ((code & faults) == 0) {
    call.emit(ok_record("throttle"));
  } else {
    emit_verdict(call, "throttle", FH_VERDICT_WARN, throttle_reason(code),
                 said("the card is slowed down: NVML's reasons 0x%llx",
                      static_cast<unsigned long long>(code)));
  }
  call.emit(evidence_record("throttle.code", static_cast<double>(code), FH_UNIT_NONE));
}

// A card at rest lowers its link's rate, never its width.
void check_link(Call& call, Look& look) {
  if (look.card().bus && fell_off_bus(look.card().bus->folder)) {
    return emit_verdict(call, "link", FH_VERDICT_FAIL, FH_REASON_DEVICE_LOST,
                        "the device does not answer on the bus");
  }
  const Reading width = look.link_width(), width_max = look.link_width_max();
  const Reading rate = look.link_generation(), rate_max = look.link_generation_max();
  for (const Reading* each : {&width, &width_max, &rate, &rate_max}) {
    if (!each->ok()) return emit_unread(call, "link", "the PCI Express link", *each);
  }
  const bool busy = look.utilization().ok() && look.utilization().value >= kBusyPercent;
  if (width.value < width_max.value || (busy && rate.value < rate_max.value)) {
    emit_verdict(call, "link", FH_VERDICT_WARN, FH_REASON_LINK_DEGRADED,
                 said("the link runs at generation %.0f x%.0f, not %.0f x%.0f", rate.value,
                      width.value, rate_max.value, width_max.value));
  } else {
    call.emit(ok_record("link"));
  }
  fh_evidence evidence = evidence_record("link.width", width.value, FH_UNIT_NONE);
  evidence.bounds = FH_BOUND_LEAST;
  evidence.least = width_max.value;
  call.emit(evidence);
  emit_evidence(call, "link.generation", rate, FH_UNIT_NONE);
  emit_evidence(call, "link.replays", look.replays(), FH_UNIT_NONE);
}

struct Fabric {
  uint32_t up = 0, down = 0, fell = 0;  // fell: was up before
  Reading unread = good(0), errors = no_reading(FH_SAMPLE_NOT_SUPPORTED);
};

Fabric fabric_of(Look& look) {
  Fabric fabric;
  std::set<uint32_t>& seen_up = look.card().memory->links_seen_up;
  for (const uint32_t link : look.card().links) {
    const Reading state = look.fabric_up(link);
    if (!state.ok()) fabric.unread = state;
    if (state.ok() && state.value == 1) {
      ++fabric.up;
      seen_up.insert(link);
    } else if (state.ok()) {
      ++fabric.down;
      fabric.fell += static_cast<uint32_t>(seen_up.count(link));
    }
    const Reading errors = look.fabric_errors(link);
    if (errors.ok()) fabric.errors = good(fabric.errors.value + errors.value);
    if (!errors.ok() && errors.status != FH_SAMPLE_NOT_SUPPORTED) fabric.unread = errors;
  }
  return fabric;
}

// On a board that connects every link, and after it was up, a link that is down is a fault. A card
// with links of which none was ever seen up has no bridge.
void check_fabric(Call& call, Look& look) {
  const Card& card = look.card();
  if (card.links.empty()) return;
  const Fabric fabric = fabric_of(look);
  const bool board = card.model != nullptr && card.model->fabric;
  using State = Growth::State;
  const State trend = card.memory->fabric_errors.look(fabric.errors);
  if (fabric.fell > 0 || (board && fabric.down > 0)) {
    emit_verdict(call, "fabric", FH_VERDICT_FAIL, FH_REASON_FABRIC_DOWN,
                 said("%u of %zu NVLinks are down", fabric.down, card.links.size()));
  } else if (!fabric.unread.ok()) {
    emit_unread(call, "fabric", "the state of an NVLink", fabric.unread);
  } else if (fabric.up > 0 && fabric.down > 0) {
    emit_verdict(call, "fabric", FH_VERDICT_WARN, FH_REASON_FABRIC_DOWN,
                 said("%u of %zu NVLinks are down", fabric.down, card.links.size()));
  } else if (trend == State::kGrown) {
    emit_verdict(call, "fabric", FH_VERDICT_WARN, FH_REASON_FABRIC_ERRORS,
                 said("the NVLinks count errors: %.0f more, %.0f now",
                      card.memory->fabric_errors.grown(), fabric.errors.value));
  } else if (trend == State::kBack) {
    emit_verdict(call, "fabric", FH_VERDICT_UNKNOWN, FH_REASON_DEVICE_WAS_RESET,
                 "the NVLinks' error counters went back");
  } else {
    call.emit(ok_record("fabric"));
  }
  call.emit(evidence_record("fabric.up", fabric.up, FH_UNIT_NONE));
  emit_evidence(call, "fabric.errors", fabric.errors, FH_UNIT_NONE);
}

}  // namespace

void check_unmanaged(Call& call, const Card& card) {
  if (card.code == nvml::kResetRequired) {
    return emit_verdict(call, "driver", FH_VERDICT_FAIL, FH_REASON_DEVICE_RESET_REQUIRED,
                        card.note);
  }
  const bool forbidden = card.state == FH_DEVICE_NO_PERMISSION;
  emit_verdict(call, "driver", forbidden ? FH_VERDICT_UNKNOWN : FH_VERDICT_FAIL,
               forbidden ? FH_REASON_DEVICE_PERMISSION : FH_REASON_DEVICE_UNMANAGED, card.note);
}

void check_card(Call& call, Look& look) {
  const Card& card = look.card();
  call.emit(ok_record("driver"));
  check_identity(call, card);
  check_temperature(call, look);
  check_power(call, look);
  check_throttle(call, look);
  check_ecc(call, look);
  check_repairs(call, look);
  check_link(call, look);
  if (card.bus) {
    Memory& memory = *card.memory;
    emit_link_errors(call, card.bus->folder, &memory.link_errors, &memory.port_errors);
  }
  check_fabric(call, look);
  check_recovery(call, look);
  look.require_present();
}

}  // namespace farmhand::nvidia
