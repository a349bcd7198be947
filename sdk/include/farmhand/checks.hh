// SPDX-License-Identifier: Apache-2.0
// Verdicts that many plugins give in the same way. What could not be read is unknown, never well.
#pragma once

#include "farmhand/health.hh"
#include "farmhand/hwmon.hh"
#include "farmhand/pci.hh"
#include "farmhand/watch.hh"

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

// All bits set: nothing answers at the device's address (linux drivers/pci/pci-sysfs.c prints the
// width's six bits, and `Unknown` for the speed's four).
inline bool fell_off_bus(const std::string& folder) {
  return read_number(folder + "/current_link_width").value == 63 &&
         read_text(folder + "/current_link_speed").text.starts_with("Unknown");
}

// The PCI Express link of the device in `folder` against what device and slot can do together. A
// slower link than that is a warning too: a card that lowers its speed when idle needs a check of
// its own.
inline void emit_link(Call& call, const char* check, const std::string& folder) {
  if (fell_off_bus(folder)) {
    return emit_verdict(call, check, FH_VERDICT_FAIL, FH_REASON_DEVICE_LOST,
                        "the device does not answer on the bus");
  }
  const PciLink link = reachable_link(folder);
  for (const Reading* each : {&link.speed, &link.speed_max, &link.width, &link.width_max}) {
    if (!each->ok()) return emit_unread(call, check, "the PCI Express link", *each);
  }
  char text[96];
  snprintf(text, sizeof text, "the link runs at %g GT/s x%g, not %g GT/s x%g", link.speed.value,
           link.width.value, link.speed_max.value, link.width_max.value);
  const bool low =
      link.speed.value < link.speed_max.value || link.width.value < link.width_max.value;
  if (low) emit_verdict(call, check, FH_VERDICT_WARN, FH_REASON_LINK_DEGRADED, text);
  if (!low) call.emit(ok_record(check));
  fh_evidence width = evidence_record("link.width", link.width.value, FH_UNIT_NONE);
  width.bounds = FH_BOUND_LEAST;
  width.least = link.width_max.value;
  call.emit(width);
}

// What is kept of a device's AER counters between two looks. What happened within ten minutes
// counts: a device that was reset after a fatal error shall be able to come back.
struct LinkErrors {
  static constexpr uint64_t kWindowNs = 600'000'000'000;
  // A link may lose a bit in 10^12 and repeats it; most links count none at all.
  static constexpr double kCorrectedMany = 100;

  Burst fatal{kWindowNs}, nonfatal{kWindowNs}, corrected{kWindowNs};
};

// Fatal errors are a fault, a warning if they were counted before we looked; uncorrected ones and
// many corrected ones are a warning. No verdict where there is no AER.
inline void emit_link_errors(Call& call, const char* check, const std::string& folder,
                             LinkErrors* seen) {
  const PciErrors now = read_errors(folder);
  if (now.fatal.status == FH_SAMPLE_NOT_SUPPORTED) return;
  for (const Reading* each : {&now.fatal, &now.nonfatal}) {
    if (!each->ok()) return emit_unread(call, check, "a counter of link errors", *each);
  }
  const double fatal = seen->fatal.look(now.fatal);
  const double nonfatal = seen->nonfatal.look(now.nonfatal);
  const double corrected = seen->corrected.look(now.corrected);
  const bool back = seen->fatal.went_back() || seen->nonfatal.went_back();
  const std::string text = said(
      "within ten minutes the link counted %.0f fatal errors, %.0f not corrected, %.0f corrected; "
      "%.0f fatal ones since boot",
      fatal, nonfatal, corrected, now.fatal.value);
  if (fatal > 0) {
    emit_verdict(call, check, FH_VERDICT_FAIL, FH_REASON_LINK_FATAL, text);
  } else if (back) {
    emit_verdict(call, check, FH_VERDICT_WARN, FH_REASON_DEVICE_WAS_RESET,
                 "a counter of link errors went back: the device was removed or reset");
  } else if (now.fatal.value > 0 || nonfatal > 0 || corrected >= LinkErrors::kCorrectedMany) {
    emit_verdict(call, check, FH_VERDICT_WARN, FH_REASON_LINK_ERRORS, text);
  } else {
    call.emit(ok_record(check));
  }
  emit_evidence(call, "link.errors.fatal", now.fatal, FH_UNIT_NONE);
  emit_evidence(call, "link.errors.nonfatal", now.nonfatal, FH_UNIT_NONE);
  emit_evidence(call, "link.errors.corrected", now.corrected, FH_UNIT_NONE);
}

// The device's own counters and those of the port above it, which may be the only one to have seen
// an error (linux Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats).
inline void emit_link_errors(Call& call, const std::string& folder, LinkErrors* device,
                             LinkErrors* port) {
  emit_link_errors(call, "link.errors", folder, device);
  const std::string above = upstream_of(folder);
  if (!above.empty()) emit_link_errors(call, "link.errors.upstream", above, port);
}

}  // namespace farmhand
