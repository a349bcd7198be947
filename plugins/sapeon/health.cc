// SPDX-License-Identifier: Apache-2.0
#include "health.hh"

#include <farmhand/metrics.h>
#include <farmhand/checks.hh>

namespace farmhand::sapeon {

namespace {

void check_driver(Call& call, const Card& card) {
  if (card.state == FH_DEVICE_MANAGED) return call.emit(ok_record("driver"));
  emit_verdict(call, "driver", FH_VERDICT_FAIL, FH_REASON_DEVICE_UNMANAGED, card.note);
}

void check_adapter(Call& call, const Look& look) {
  if (look.said() == nullptr) {
    return emit_verdict(call, "adapter", FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED,
                        look.problem());
  }
  const auto& complaints = look.said()->complaints;
  if (complaints.empty()) return call.emit(ok_record("adapter"));
  emit_verdict(call, "adapter", FH_VERDICT_WARN, FH_REASON_READING_IMPLAUSIBLE, complaints[0]);
  for (size_t at = 1; at < complaints.size(); ++at) {
    call.emit(text_evidence_record("complaint." + std::to_string(at), complaints[at]));
  }
}

void check_state(Call& call, const Look& look) {
  const AdapterCard* said = look.said();
  if (said == nullptr || !said->state) {
    return emit_verdict(call, "state", FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED,
                        "the adapter does not say the card's state");
  }
  if (*said->state == State::kFault) {
    emit_verdict(call, "state", FH_VERDICT_FAIL, FH_REASON_DEVICE_FAULT,
                 "the adapter says that the card is at fault");
  } else if (*said->state == State::kLost) {
    emit_verdict(call, "state", FH_VERDICT_FAIL, FH_REASON_DEVICE_LOST,
                 "the adapter says that the card is lost");
  } else {
    call.emit(ok_record("state"));
  }
  if (!said->state_text.empty()) call.emit(text_evidence_record("state", said->state_text));
}

void check_heat(Call& call, const Look& look, double warn) {
  const Reading now = look.reading(Quantity::kTemperature);
  if (now.status == FH_SAMPLE_UNKNOWN && !look.card().sensors.empty()) {
    return emit_temperature(call, "temperature", look.card().sensors);
  }
  if (!now.ok()) return emit_unread(call, "temperature", "the temperature", now);
  if (warn > 0 && now.value > warn) {
    char text[80];
    snprintf(text, sizeof text, "the chip has %.1f °C, more than %.0f °C", now.value, warn);
    emit_verdict(call, "temperature", FH_VERDICT_WARN, FH_REASON_TEMPERATURE_HIGH, text);
  } else {
    call.emit(ok_record("temperature"));
  }
  emit_evidence(call, "temperature", now, FH_UNIT_CELSIUS);
}

void check_throttle(Call& call, const Look& look) {
  const Reading bits = look.throttle();
  if (!bits.ok()) return emit_unread(call, "throttle", "the throttle reason", bits);
  const auto faults = static_cast<uint32_t>(bits.value) & ~FH_THROTTLE_SETTING;
  if (faults == 0) return call.emit(ok_record("throttle"));
  const char* reason = faults & FH_THROTTLE_THERMAL ? FH_REASON_THROTTLE_THERMAL
                       : faults & FH_THROTTLE_POWER ? FH_REASON_THROTTLE_POWER
                                                    : FH_REASON_THROTTLE_HARDWARE;
  emit_verdict(call, "throttle", FH_VERDICT_WARN, reason,
               "the adapter says that it is slowed down");
}

void check_memory(Call& call, const Look& look) {
  const Reading errors = look.reading(Quantity::kErrorsUncorrected);
  if (!errors.ok()) return emit_unread(call, "memory", "the count of memory errors", errors);
  Growth& growth = look.card().memory->uncorrected;
  if (growth.look(errors) == Growth::State::kBack) {
    emit_verdict(call, "memory", FH_VERDICT_UNKNOWN, FH_REASON_DEVICE_WAS_RESET,
                 "the count of memory errors went back: the card started anew");
  } else if (growth.ever_grown()) {
    emit_verdict(call, "memory", FH_VERDICT_FAIL, FH_REASON_MEMORY_UNCORRECTED,
                 "uncorrected memory errors are being counted");
  } else {
    call.emit(ok_record("memory"));
  }
  emit_evidence(call, "errors.uncorrected", errors, FH_UNIT_NONE);
}

}  // namespace

void check_card(Call& call, const Look& look, double temperature_warn) {
  check_driver(call, look.card());
  check_adapter(call, look);
  check_state(call, look);
  check_heat(call, look, temperature_warn);
  check_throttle(call, look);
  check_memory(call, look);
  if (!look.card().device) return;
  const std::string& folder = look.card().device->folder;
  Memory& memory = *look.card().memory;
  emit_link(call, "link", folder);
  emit_link_errors(call, folder, &memory.link_errors, &memory.port_errors);
}

}  // namespace farmhand::sapeon
