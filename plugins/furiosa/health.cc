// SPDX-License-Identifier: Apache-2.0
#include "health.hh"

#include <farmhand/metrics.h>
#include <farmhand/checks.hh>

namespace farmhand::furiosa {

namespace {

void check_identity(Call& call, const Card& card) {
  if (!card.serial.empty() || !card.uuid.empty()) return call.emit(ok_record("identity"));
  emit_verdict(call, "identity", FH_VERDICT_WARN, FH_REASON_DEVICE_IDENTITY,
               "neither serial number nor UUID is plausible: the card is known by its slot only");
}

void check_liveness(Call& call, const State& state, bool lost) {
  if (lost) {
    return emit_verdict(call, "liveness", FH_VERDICT_FAIL, FH_REASON_DEVICE_LOST,
                        "the vendor's library says that the device is lost");
  }
  if (state.liveness == Liveness::kAlive) return call.emit(ok_record("liveness"));
  if (state.liveness == Liveness::kDead) {
    return emit_verdict(call, "liveness", FH_VERDICT_FAIL, FH_REASON_DEVICE_LOST,
                        "the driver says that the device is not alive");
  }
  if (state.status != FH_SAMPLE_OK) {
    return emit_unread(call, "liveness", "the device's state", no_reading(state.status));
  }
  emit_verdict(
      call, "liveness", FH_VERDICT_UNKNOWN, FH_REASON_DRIVER_UNKNOWN,
      said("the device's state is '%.40s', which this plugin does not know", state.text.c_str()));
}

void check_heartbeat(Call& call, Look& look, uint64_t patience_ns) {
  const Reading beats = look.heartbeat();
  if (patience_ns == 0 || beats.status == FH_SAMPLE_NOT_SUPPORTED) return;
  if (!beats.ok()) return emit_unread(call, "heartbeat", "the heartbeat", beats);
  using Pulse = HeartbeatWatch::Pulse;
  const Pulse pulse = look.card().memory->heartbeat.look(beats.value, look.began_ns(), patience_ns);
  if (pulse == Pulse::kMoving) {
    call.emit(ok_record("heartbeat"));
  } else if (pulse == Pulse::kStopped) {
    emit_verdict(call, "heartbeat", FH_VERDICT_FAIL, FH_REASON_HEARTBEAT_STOPPED,
                 said("the heartbeat moved before and has stood at %.0f for %.0f s or more",
                      beats.value, static_cast<double>(patience_ns) / 1e9));
  } else {
    emit_verdict(call, "heartbeat", FH_VERDICT_UNKNOWN, FH_REASON_READING_STUCK,
                 said("the heartbeat stands at %.0f and was not seen moving yet", beats.value));
  }
  call.emit(evidence_record("heartbeat", beats.value, FH_UNIT_NONE));
}

void name_lines(Call& call, const Faults& faults) {
  for (size_t i = 0; i < faults.lines.size() && i < 16; ++i) {
    std::string name = "atr." + std::to_string(i);
    call.emit(evidence_record(name, faults.lines[i].second, FH_UNIT_NONE, faults.lines[i].first));
  }
}

void check_faults(Call& call, Look& look) {
  const Faults& faults = look.faults();
  if (faults.status == FH_SAMPLE_NOT_SUPPORTED) return;
  if (faults.status != FH_SAMPLE_OK)
    return emit_unread(call, "errors", "atr_error", no_reading(faults.status));
  Memory& memory = *look.card().memory;
  using Trend = RiseWatch::Trend;
  const Trend device = memory.device_faults.look(faults.device, look.began_ns());
  const Trend all = memory.faults.look(faults.total, look.began_ns());
  if (all == Trend::kWentBack || device == Trend::kWentBack) {
    emit_verdict(call, "errors", FH_VERDICT_UNKNOWN, FH_REASON_DEVICE_WAS_RESET,
                 "the error counters went back: the card or its driver started anew");
  } else if (device == Trend::kRising) {
    emit_verdict(call, "errors", FH_VERDICT_FAIL, FH_REASON_DEVICE_FAULT,
                 said("the driver counts device errors: %.0f now", faults.device));
  } else if (all == Trend::kRising) {
    emit_verdict(call, "errors", FH_VERDICT_WARN, FH_REASON_DEVICE_FAULT,
                 said("the driver's error counters rise: %.0f now", faults.total));
  } else {
    call.emit(ok_record("errors"));
  }
  name_lines(call, faults);
}

void check_temperature(Call& call, Look& look, const HealthLimits& limits) {
  const Reading now = look.temperature();
  if (!now.ok()) return emit_unread(call, "temperature", "the temperature", now);
  const bool fails = limits.temperature_fail > 0 && now.value > limits.temperature_fail;
  if (fails || now.value > limits.temperature_warn) {
    emit_verdict(call, "temperature", fails ? FH_VERDICT_FAIL : FH_VERDICT_WARN,
                 FH_REASON_TEMPERATURE_HIGH,
                 said("the chip has %.1f °C, more than %.0f °C", now.value,
                      fails ? limits.temperature_fail : limits.temperature_warn));
  } else {
    call.emit(ok_record("temperature"));
  }
  fh_evidence evidence = evidence_record("temperature", now.value, FH_UNIT_CELSIUS);
  evidence.bounds = FH_BOUND_MOST;
  evidence.most = limits.temperature_warn;
  call.emit(evidence);
}

void check_power(Call& call, Look& look) {
  const Reading now = look.power();
  if (!now.ok()) return emit_unread(call, "power", "the power", now);
  call.emit(ok_record("power"));
  call.emit(evidence_record("power", now.value, FH_UNIT_WATT));
}

const char* throttle_reason(uint32_t bits) {
  if (bits & FH_THROTTLE_THERMAL) return FH_REASON_THROTTLE_THERMAL;
  if (bits & FH_THROTTLE_POWER) return FH_REASON_THROTTLE_POWER;
  return FH_REASON_THROTTLE_HARDWARE;
}

// Only the library knows. An operator's own clock limit is no fault.
void check_throttle(Call& call, Look& look) {
  const Reading bits = look.throttle();
  if (bits.status == FH_SAMPLE_NOT_SUPPORTED) return;
  if (!bits.ok()) return emit_unread(call, "throttle", "the throttle reason", bits);
  const auto faults = static_cast<uint32_t>(bits.value) & ~FH_THROTTLE_SETTING;
  if (faults == 0) {
    call.emit(ok_record("throttle"));
  } else {
    emit_verdict(
        call, "throttle", FH_VERDICT_WARN, throttle_reason(faults),
        said("the device is slowed down: the vendor's reasons 0x%02x", look.throttle_code()));
  }
  call.emit(evidence_record("throttle.code", look.throttle_code(), FH_UNIT_NONE));
}

}  // namespace

void check_unmanaged(Call& call, const Card& card) {
  const bool forbidden = card.state == FH_DEVICE_NO_PERMISSION;
  emit_verdict(call, "driver", forbidden ? FH_VERDICT_UNKNOWN : FH_VERDICT_FAIL,
               forbidden ? FH_REASON_DEVICE_PERMISSION : FH_REASON_DEVICE_UNMANAGED, card.note);
}

void check_card(Call& call, Look& look, const HealthLimits& limits) {
  // First, for it learns from the library whether the card is lost.
  look.throttle();
  const State state = look.state();
  call.emit(ok_record("driver"));
  check_identity(call, look.card());
  check_liveness(call, state, look.lost());
  check_heartbeat(call, look, limits.heartbeat_ns);
  check_faults(call, look);
  check_temperature(call, look, limits);
  check_power(call, look);
  check_throttle(call, look);
  if (!look.card().places.pci) return;
  const std::string& folder = look.card().places.pci->folder;
  Memory& memory = *look.card().memory;
  emit_link(call, "link", folder);
  emit_link_errors(call, folder, &memory.link_errors, &memory.port_errors);
}

}  // namespace farmhand::furiosa
