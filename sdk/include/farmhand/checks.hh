// SPDX-License-Identifier: Apache-2.0
// Verdicts that many plugins give in the same way. What could not be read is unknown, never well.
#pragma once

#include "farmhand/health.hh"
#include "farmhand/hwmon.hh"

namespace farmhand {

inline void emit_verdict(Call& call, const char* check, int32_t verdict, const char* reason,
                         const std::string& sentence) {
  call.emit(verdict_record(check, verdict, reason, sentence));
}

inline void emit_evidence(Call& call, const char* name, const Reading& reading, int32_t unit) {
  if (reading.ok()) call.emit(evidence_record(name, reading.value, unit));
}

inline void emit_unread(Call& call, const char* check, const char* what, const Reading& reading) {
  const bool nonsense = reading.status == FH_SAMPLE_ERROR;
  emit_verdict(call, check, FH_VERDICT_UNKNOWN,
               nonsense ? FH_REASON_READING_IMPLAUSIBLE : FH_REASON_READING_FAILED,
               std::string(what) + " is " + name_of_status(reading.status));
}

struct Heat {
  int32_t verdict = FH_VERDICT_OK;
  Reading now;
  std::string sentence;
};

// What hwmon calls `max` a card begins to slow down at, `crit` and `emergency` it must not reach.
inline Heat heat_of(const Sensor& sensor) {
  Heat heat{FH_VERDICT_OK, read_sensor(sensor), {}};
  constexpr std::pair<const char*, int32_t> kLimits[] = {
      {"emergency", FH_VERDICT_FAIL}, {"crit", FH_VERDICT_FAIL}, {"max", FH_VERDICT_WARN}};
  for (const auto& [which, verdict] : kLimits) {
    const Reading limit = read_limit(sensor, which);
    if (!heat.now.ok() || !limit.ok() || heat.now.value < limit.value) continue;
    char text[64];
    snprintf(text, sizeof text, " is at %.1f °C, its limit is %.1f °C", heat.now.value,
             limit.value);
    return {verdict, heat.now, sensor.name() + text};
  }
  return heat;
}

// Each temperature sensor against its own limits; the worst one speaks. A sensor without any limit
// is only looked at for nonsense. No verdict where there is no temperature sensor.
inline void emit_temperature(Call& call, const char* check, const std::vector<Sensor>& sensors) {
  Heat worst;
  bool any = false;
  for (const Sensor& sensor : sensors) {
    if (sensor.kind->unit != FH_UNIT_CELSIUS) continue;
    const Heat heat = heat_of(sensor);
    if (!heat.now.ok()) return emit_unread(call, check, sensor.name().c_str(), heat.now);
    const bool hotter = heat.verdict == worst.verdict && heat.now.value > worst.now.value;
    if (!any || heat.verdict > worst.verdict || hotter) worst = heat;
    any = true;
  }
  if (!any) return;
  const char* reason = worst.verdict == FH_VERDICT_OK ? "" : FH_REASON_TEMPERATURE_HIGH;
  emit_verdict(call, check, worst.verdict, reason, worst.sentence);
  emit_evidence(call, "temperature", worst.now, FH_UNIT_CELSIUS);
}

}  // namespace farmhand
