// SPDX-License-Identifier: Apache-2.0
#include "health.hh"

#include <farmhand/metrics.h>
#include <farmhand/checks.hh>

namespace farmhand::rebellions {

namespace {

void check_identity(Call& call, const Card& card) {
  if (!card.uuid.empty()) return call.emit(ok_record("identity"));
  emit_verdict(call, "identity", FH_VERDICT_WARN, FH_REASON_DEVICE_IDENTITY,
               "no plausible UUID: the device is known by its slot only");
}

// Where the driver has no status there is the tool's word, of which only `normal` is known.
void check_word(Call& call, const std::string& word, const Reading& unread) {
  if (word == "normal") return call.emit(ok_record("status"));
  if (word.empty()) return emit_unread(call, "status", "the device's status", unread);
  emit_verdict(
      call, "status", FH_VERDICT_UNKNOWN, FH_REASON_DRIVER_UNKNOWN,
      said("the tool calls the device '%.40s', which this plugin does not know", word.c_str()));
}

void judge_status(Call& call, double status, Condition condition, bool lasts) {
  const auto say = [&](int32_t verdict, const char* reason, const char* what) {
    emit_verdict(call, "status", verdict, reason,
                 said("the driver's status %.0f: %s", status, what));
  };
  switch (condition) {
    case Condition::kWell:
      return call.emit(ok_record("status"));
    case Condition::kFault:
      return say(FH_VERDICT_FAIL, FH_REASON_DEVICE_FAULT, "a fault");
    case Condition::kStarting:
      return lasts ? say(FH_VERDICT_FAIL, FH_REASON_DEVICE_HUNG,
                         "it starts and does not end starting")
                   : say(FH_VERDICT_UNKNOWN, FH_REASON_DEVICE_WAS_RESET, "it is starting");
    case Condition::kFinished:
      return lasts
                 ? say(FH_VERDICT_FAIL, FH_REASON_DEVICE_FAULT, "the driver let go of it")
                 : say(FH_VERDICT_UNKNOWN, FH_REASON_DEVICE_WAS_RESET, "the driver lets go of it");
    case Condition::kUnclear:
      return lasts ? say(FH_VERDICT_FAIL, FH_REASON_DEVICE_FAULT,
                         "a fault or a state that should have passed")
                   : say(FH_VERDICT_UNKNOWN, FH_REASON_DRIVER_UNKNOWN,
                         "a fault in some drivers, a passing state in others");
    case Condition::kNoSuchNumber:
      return say(FH_VERDICT_UNKNOWN, FH_REASON_DRIVER_UNKNOWN, "not known to this plugin");
  }
}

void check_status(Call& call, Look& look, const StatusTable& table, uint64_t patience_ns) {
  const Reading now = look.status();
  if (now.status == FH_SAMPLE_NOT_SUPPORTED) return check_word(call, look.tool_status(), now);
  if (!now.ok()) return emit_unread(call, "status", "the device's status", now);
  const Condition condition = condition_of(now.value, table.of(look.card().driver_version));
  const bool lasts = look.card().memory->state.lasts(now.value, look.began_ns(), patience_ns);
  judge_status(call, now.value, condition, lasts);
  call.emit(evidence_record("status", now.value, FH_UNIT_NONE));
}

void check_temperature(Call& call, Look& look, const HealthLimits& limits) {
  const Reading now = look.temperature();
  if (!now.ok()) {
    emit_unread(call, "temperature", "the temperature", now);
  } else {
    const bool fails = limits.temperature_fail > 0 && now.value > limits.temperature_fail;
    if (fails || now.value > limits.temperature_warn) {
      emit_verdict(call, "temperature", fails ? FH_VERDICT_FAIL : FH_VERDICT_WARN,
                   FH_REASON_TEMPERATURE_HIGH,
                   said("the chip has %.1f °C, more than %.0f °C", now.value,
                        fails ? limits.temperature_fail : limits.temperature_warn));
    } else {
      call.emit(ok_record("temperature"));
    }
    call.emit(evidence_record("temperature", now.value, FH_UNIT_CELSIUS));
  }
  const double raw = look.temperature_raw();
  if (raw == 0) return;
  // Which unit was concluded is for everyone to see.
  const char* unit = !now.ok() ? "unit not concluded" : raw == now.value ? "°C" : "m°C";
  call.emit(evidence_record("temperature.raw", raw, FH_UNIT_NONE, unit));
}

void check_power(Call& call, Look& look) {
  const Reading now = look.power();
  if (!now.ok()) return emit_unread(call, "power", "the power", now);
  call.emit(ok_record("power"));
  call.emit(evidence_record("power", now.value, FH_UNIT_WATT));
}

void check_pace(Call& call, Look& look) {
  const Reading state = look.power_state();
  if (state.status == FH_SAMPLE_NOT_SUPPORTED) return;
  if (!state.ok()) return emit_unread(call, "throttle", "the P-state", state);
  const Pace pace = look.pace();
  if (pace == Pace::kHung) {
    emit_verdict(call, "throttle", FH_VERDICT_FAIL, FH_REASON_DEVICE_HUNG,
                 "P12: the device runs at its least, as after a hang");
  } else if (pace == Pace::kThrottled) {
    emit_verdict(call, "throttle", FH_VERDICT_WARN, FH_REASON_THROTTLE_THERMAL,
                 "P10: half the clock, for the device is too hot");
  } else if (pace == Pace::kUnclear) {
    emit_verdict(call, "throttle", FH_VERDICT_UNKNOWN, FH_REASON_DRIVER_UNKNOWN,
                 said("P%.0f: what it means on this model is not public", state.value));
  } else {
    call.emit(ok_record("throttle"));
  }
  call.emit(evidence_record("performance.state", state.value, FH_UNIT_NONE));
}

void check_contexts(Call& call, Look& look) {
  const Contexts& now = look.contexts();
  if (now.status == FH_SAMPLE_NOT_SUPPORTED) return;
  if (!now.ok())
    return emit_unread(call, "contexts", "the list of contexts", no_reading(now.status));
  if (now.faulty > 0) {
    emit_verdict(call, "contexts", FH_VERDICT_WARN, FH_REASON_CONTEXT_FAULT,
                 said("%.0f of %.0f contexts were aborted: their programs must start anew",
                      now.faulty, now.count));
  } else {
    call.emit(ok_record("contexts"));
  }
  call.emit(evidence_record("contexts", now.count, FH_UNIT_NONE));
}

// After the others, which ask the library.
void check_calls(Call& call, const Look& look) {
  if (!look.card().places.library) return;
  if (look.lost()) {
    emit_verdict(call, "calls", FH_VERDICT_FAIL, FH_REASON_DEVICE_LOST,
                 "the vendor's library does not find the device any more");
  } else if (look.refused()) {
    emit_verdict(call, "calls", FH_VERDICT_WARN, FH_REASON_DEVICE_FAULT,
                 "the driver refuses the library's calls: read the kernel's log");
  } else {
    call.emit(ok_record("calls"));
  }
}

}  // namespace

void check_unmanaged(Call& call, const Card& card) {
  const bool forbidden = card.state == FH_DEVICE_NO_PERMISSION;
  emit_verdict(call, "driver", forbidden ? FH_VERDICT_UNKNOWN : FH_VERDICT_FAIL,
               forbidden ? FH_REASON_DEVICE_PERMISSION : FH_REASON_DEVICE_UNMANAGED, card.note);
}

void check_card(Call& call, Look& look, const StatusTable& table, const HealthLimits& limits) {
  call.emit(ok_record("driver"));
  check_identity(call, look.card());
  check_status(call, look, table, limits.state_ns);
  check_temperature(call, look, limits);
  check_power(call, look);
  check_pace(call, look);
  check_contexts(call, look);
  check_calls(call, look);
  if (!look.card().places.pci) return;
  const std::string& folder = look.card().places.pci->folder;
  Memory& memory = *look.card().memory;
  emit_link(call, "link", folder);
  emit_link_errors(call, folder, &memory.link_errors, &memory.port_errors);
}

}  // namespace farmhand::rebellions
