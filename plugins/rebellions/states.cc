// SPDX-License-Identifier: Apache-2.0
#include "states.hh"

#include <farmhand/metrics.h>
#include <array>
#include <farmhand/parse.hh>

namespace farmhand::rebellions {

namespace {

// `3.4.0-abc123` as three numbers; nothing if it does not begin with them.
std::optional<std::array<uint32_t, 3>> version_in(std::string_view text) {
  std::array<uint32_t, 3> parts{};
  text = text.substr(0, text.find_first_not_of("0123456789."));
  for (uint32_t& part : parts) {
    const size_t dot = std::min(text.find('.'), text.size());
    const auto number = integer_from<uint32_t>(text.substr(0, dot));
    if (!number) return std::nullopt;
    part = *number;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return parts;
}

// Of SDK 0.10 (docs.rbln.ai, support matrix), which was out when the vendor's own plugin still
// called the shift a future one.
constexpr std::array<uint32_t, 3> kCertainlyOld = {3, 0, 0};

}  // namespace

Table StatusTable::of(const std::string& driver_version) const {
  if (proven_) return Table::kShifted;
  const auto version = version_in(driver_version);
  if (!version) return Table::kEither;
  if (const auto shifted = version_in(shifted_from_)) {
    return *version >= *shifted ? Table::kShifted : Table::kOld;
  }
  return *version <= kCertainlyOld ? Table::kOld : Table::kEither;
}

Condition condition_of(double status, Table table) {
  if (status == 0 || status == 1) return Condition::kWell;
  if (status == 2) return Condition::kStarting;
  if (status == 3 && table == Table::kOld) return Condition::kFault;
  if (status == 3 && table == Table::kShifted) return Condition::kStarting;
  if (status == 4 && table == Table::kOld) return Condition::kFinished;
  if (status == 4 && table == Table::kShifted) return Condition::kFault;
  if (status == 5) return Condition::kFinished;
  return status == 3 || status == 4 ? Condition::kUnclear : Condition::kNoSuchNumber;
}

Pace pace_of(double power_state, Family family) {
  if (power_state == 2 || power_state == 4 || power_state == 14) return Pace::kNormal;
  if (family != Family::kAtom) return Pace::kUnclear;
  if (power_state == 6) return Pace::kHalf;
  if (power_state == 10) return Pace::kThrottled;
  return power_state == 12 ? Pace::kHung : Pace::kUnclear;
}

Reading throttle_of(Pace pace) {
  switch (pace) {
    case Pace::kNormal:
      return good(0);
    case Pace::kHalf:
      return good(FH_THROTTLE_OTHER);
    case Pace::kThrottled:
      return good(FH_THROTTLE_THERMAL);
    case Pace::kHung:
      return good(FH_THROTTLE_HARDWARE);
    case Pace::kUnclear:
      break;
  }
  return no_reading(FH_SAMPLE_UNKNOWN);
}

}  // namespace farmhand::rebellions
