// SPDX-License-Identifier: Apache-2.0
// What the operator's adapter says, in the form that README.md describes: every field has a type
// and a range. What is wrong is named with its path; the rest of the document counts.
#pragma once

#include <array>
#include <farmhand/reading.hh>
#include <optional>
#include <string>
#include <vector>

namespace farmhand::sapeon {

inline constexpr std::string_view kSchema = "farmhand.sapeon/1";

enum class Quantity : uint8_t {
  kUtilization,
  kMemoryUtilization,
  kMemoryUsed,
  kMemoryTotal,
  kTemperature,
  kMemoryTemperature,
  kPower,
  kPowerLimit,
  kEnergy,
  kClock,
  kInferences,
  kErrorsCorrected,
  kErrorsUncorrected,
};
inline constexpr size_t kQuantities = static_cast<size_t>(Quantity::kErrorsUncorrected) + 1;

enum class State : uint8_t { kOk, kBusy, kFault, kLost };

struct AdapterCard {
  std::string pci, serial, uuid, model, firmware;
  std::optional<State> state;
  std::string state_text;                     // the vendor's own word for it
  std::array<Reading, kQuantities> readings;  // not said: unknown; wrong: error
  Reading throttle;                           // bits FH_THROTTLE_*
  std::vector<std::string> nodes;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> complaints;

  const Reading& operator[](Quantity quantity) const {
    return readings[static_cast<size_t>(quantity)];
  }
};

struct Report {
  int32_t status = FH_E_UNSUPPORTED;  // FH_OK: there is a document
  std::string problem;                // else one sentence
  std::string driver;
  std::vector<AdapterCard> cards;
  std::vector<std::string> complaints;  // of all, those of the cards included

  bool ok() const { return status == FH_OK; }
};

Report report_from(std::string_view text);
Report no_report(int32_t status, std::string problem);

}  // namespace farmhand::sapeon
