// SPDX-License-Identifier: Apache-2.0
// A card's verdicts. What could not be read is unknown; what the card never offered is no check.
#include <farmhand/checks.hh>
#include <farmhand/diag.hh>

#include "card.hh"

namespace farmhand::accel {

namespace {

// Corrected errors of a link come now and then (the standard allows one bit in 10^12); this many
// between two looks, ten seconds apart, do not.
constexpr double kCorrectedMany = 10;

std::string text_of(double speed, double width) {
  char text[64];
  snprintf(text, sizeof text, "%g GT/s x%g", speed, width);
  return text;
}

// All bits set: nothing answers at the device's address (linux drivers/pci/pci-sysfs.c prints the
// width's six bits, and `Unknown` for the speed's four).
bool fell_off(const std::string& folder) {
  return read_number(folder + "/current_link_width").value == 63 &&
         read_text(folder + "/current_link_speed").text.starts_with("Unknown");
}

}  // namespace

void Card::check(Call& call) {
  require_present();
  check_driver(call);
  check_link(call);
  check_errors(call);
  check_temperature(call);
  check_counters(call);
  check_heartbeat(call);
}

void Card::check_driver(Call& call) const {
  if (found_.state == FH_DEVICE_UNMANAGED) {
    return emit_verdict(call, "driver", FH_VERDICT_FAIL, FH_REASON_DEVICE_UNMANAGED, found_.note);
  }
  if (link_name(found_.folder + "/driver") != found_.driver) {
    return emit_verdict(call, "driver", FH_VERDICT_FAIL, FH_REASON_DRIVER_MISSING,
                        "the driver " + found_.driver + " is no longer bound to it");
  }
  call.emit(ok_record("driver"));
}

void Card::check_link(Call& call) const {
  const std::string& folder = found_.folder;
  if (found_.pci.empty() || !exists(folder + "/current_link_speed")) return;
  if (fell_off(folder)) {
    return emit_verdict(call, "link", FH_VERDICT_FAIL, FH_REASON_DEVICE_LOST,
                        "the device does not answer on the bus");
  }
  const PciLink link = reachable_link(folder);
  for (const auto& [reading, what] : {std::pair(&link.speed, "the link's speed"),
                                      {&link.width, "the link's width"},
                                      {&link.speed_max, "the link's highest speed"},
                                      {&link.width_max, "the link's largest width"}}) {
    if (!reading->ok()) return emit_unread(call, "link", what, *reading);
  }
  const bool narrow = link.width.value < link.width_max.value;
  const bool slow = !options_.link_rests && link.speed.value < link.speed_max.value;
  if (narrow || slow) {
    emit_verdict(call, "link", FH_VERDICT_WARN, FH_REASON_LINK_DEGRADED,
                 "the link runs at " + text_of(link.speed.value, link.width.value) + ", not " +
                     text_of(link.speed_max.value, link.width_max.value));
  } else {
    call.emit(ok_record("link"));
  }
  call.emit(measured_record("link.width", link.width.value, FH_UNIT_NONE, link.width_max.value));
  call.emit(measured_record("link.generation", generation_of(link.speed.value), FH_UNIT_NONE,
                            generation_of(link.speed_max.value)));
}

// The device's own counters and those of the port above it, which may be the only one to have seen
// the error (linux Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats).
void Card::check_errors(Call& call) {
  const std::string above = found_.pci.empty() ? "" : upstream_of(found_.folder);
  for (const auto& [folder, check] :
       {std::pair(found_.folder, "link.errors"), std::pair(above, "link.errors.upstream")}) {
    Growth* counts[] = {&growths_[folder + "/fatal"], &growths_[folder + "/nonfatal"],
                        &growths_[folder + "/corrected"]};
    const bool offered = !folder.empty() && exists(folder + "/aer_dev_fatal");
    if (!offered) continue;
    const PciErrors now = read_errors(folder);
    const Reading* readings[] = {&now.fatal, &now.nonfatal, &now.corrected};
    Growth::State states[3];
    for (size_t at = 0; at < 3; ++at) states[at] = counts[at]->look(*readings[at]);
    const auto bad = std::find_if(std::begin(readings), std::end(readings),
                                  [](const Reading* each) { return !each->ok(); });
    if (bad != std::end(readings)) {
      emit_unread(call, check, "a counter of link errors", **bad);
      continue;
    }
    const bool back = std::count(std::begin(states), std::end(states), Growth::State::kBack) != 0;
    if (counts[0]->ever_grown()) {
      emit_verdict(call, check, FH_VERDICT_FAIL, FH_REASON_LINK_FATAL,
                   "the bus counted a fatal error");
    } else if (back) {
      emit_verdict(call, check, FH_VERDICT_WARN, FH_REASON_DEVICE_WAS_RESET,
                   "a counter of link errors went back: the device was removed or reset");
    } else if (states[1] == Growth::State::kGrown) {
      emit_verdict(call, check, FH_VERDICT_WARN, FH_REASON_LINK_ERRORS,
                   "uncorrected errors are being counted");
    } else if (counts[2]->grown() >= kCorrectedMany) {
      emit_verdict(call, check, FH_VERDICT_WARN, FH_REASON_LINK_ERRORS,
                   "corrected errors come often");
    } else if (now.fatal.value > 0) {
      emit_verdict(call, check, FH_VERDICT_WARN, FH_REASON_LINK_FATAL,
                   "the bus has counted a fatal error since the node was started");
    } else {
      call.emit(ok_record(check));
    }
    emit_evidence(call, "errors.fatal", now.fatal, FH_UNIT_NONE);
    emit_evidence(call, "errors.nonfatal", now.nonfatal, FH_UNIT_NONE);
    emit_evidence(call, "errors.corrected", now.corrected, FH_UNIT_NONE);
  }
}

void Card::check_temperature(Call& call) const {
  std::vector<Sensor> sensors;
  for (const Hwmon& chip : hwmons_of(found_.folder)) {
    sensors.insert(sensors.end(), chip.sensors.begin(), chip.sensors.end());
  }
  emit_temperature(call, "temperature", sensors);
}

// Counters of the driver that should stand still.
void Card::check_counters(Call& call) {
  struct Counter {
    Family family;
    bool in_class;
    const char *file, *check, *reason, *sentence;
    int32_t verdict;
  };
  // clang-format off
  static constexpr Counter kCounters[] = {
      {Family::kQaic, false, "ue_count", "errors.uncorrected", FH_REASON_DEVICE_FAULT, "errors beyond correction are being counted", FH_VERDICT_FAIL},
      {Family::kQaic, false, "ue_nonfatal_count", "errors.nonfatal", FH_REASON_DEVICE_FAULT, "errors beyond correction are being counted; it survived them", FH_VERDICT_WARN},
      {Family::kTenstorrent, true, "tt_therm_trip_count", "throttle", FH_REASON_THROTTLE_THERMAL, "the firmware slowed the device down because of its temperature", FH_VERDICT_WARN},
  };
  // clang-format on
  for (const Counter& each : kCounters) {
    const std::string path = file(each.file, each.in_class);
    const bool known = growths_.count(path) != 0;
    if (each.family != found_.family || (!known && !exists(path))) continue;
    const Reading now = within(read_number(path), 0, 1e19);
    Growth& growth = growths_[path];
    const Growth::State state = growth.look(now);
    if (state == Growth::State::kUnread) {
      emit_unread(call, each.check, each.file, now);
      continue;
    }
    const bool bad =
        state == Growth::State::kGrown || (each.verdict == FH_VERDICT_FAIL && growth.ever_grown());
    if (state == Growth::State::kBack) {
      emit_verdict(call, each.check, FH_VERDICT_WARN, FH_REASON_DEVICE_WAS_RESET,
                   std::string(each.file) + " went back: the device or its driver was reset");
    } else if (bad) {
      emit_verdict(call, each.check, each.verdict, each.reason, each.sentence);
    } else {
      call.emit(ok_record(each.check));
    }
    emit_evidence(call, "count", now, FH_UNIT_NONE);
  }
}

void Card::check_heartbeat(Call& call) {
  if (found_.family != Family::kTenstorrent || found_.class_folder.empty()) return;
  const Reading now = within(read_number(file("tt_heartbeat", true)), 0, 1e19);
  if (now.status == FH_SAMPLE_NOT_SUPPORTED) return;
  switch (heartbeat_.look(now)) {
    case Heartbeat::State::kStopped:
      emit_verdict(call, "heartbeat", FH_VERDICT_FAIL, FH_REASON_HEARTBEAT_STOPPED,
                   "the firmware's heartbeat has not moved for ten seconds");
      break;
    case Heartbeat::State::kMoving:
      call.emit(ok_record("heartbeat"));
      break;
    case Heartbeat::State::kUnknown:
      if (!now.ok()) return emit_unread(call, "heartbeat", "the heartbeat", now);
      emit_verdict(call, "heartbeat", FH_VERDICT_UNKNOWN, FH_REASON_READING_FAILED,
                   "the heartbeat was seen once: the next look tells whether it moves");
  }
  emit_evidence(call, "heartbeat", now, FH_UNIT_NONE);
}

}  // namespace farmhand::accel
