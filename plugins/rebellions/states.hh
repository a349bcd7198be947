// SPDX-License-Identifier: Apache-2.0
// What the numbers of a device's status and of its P-state mean.
//
// Status: 0 READY, 1 BUSY in every driver. Then 2 INIT, 3 FAULT, 4 FINISH; a coming driver puts
// PROBING at 2 and moves the others up by one (RBLN-SW/k8s-device-plugin@4a9b9ad, status.go). Which
// version that is has not been said.
#pragma once

#include <atomic>
#include <farmhand/reading.hh>
#include <optional>
#include <string>

#include "catalogue.hh"

namespace farmhand::rebellions {

enum class Condition : uint8_t { kWell, kStarting, kFault, kFinished, kUnclear, kNoSuchNumber };

enum class Table : uint8_t { kOld, kShifted, kEither };

// Shared by all devices: there is one driver. May be asked from any thread.
class StatusTable {
 public:
  // `shifted_from`: the version of the driver with which the table changes; empty: not known.
  explicit StatusTable(std::string shifted_from) : shifted_from_(std::move(shifted_from)) {}

  // A 5 exists in the new table only.
  void saw(double status) {
    if (status == 5) proven_ = true;
  }
  Table of(const std::string& driver_version) const;

 private:
  std::string shifted_from_;
  std::atomic<bool> proven_{false};
};

Condition condition_of(double status, Table table);

// How long a device has been in the state it is in; by the device's own calls only.
class StateWatch {
 public:
  bool lasts(double status, uint64_t now_ns, uint64_t patience_ns) {
    if (!status_ || *status_ != status) since_ns_ = now_ns;
    status_ = status;
    return now_ns - since_ns_ >= patience_ns;
  }

 private:
  std::optional<double> status_;
  uint64_t since_ns_ = 0;
};

// P-states (docs.rbln.ai, device_management): of ATOM; on REBEL nobody has confirmed them.
enum class Pace : uint8_t { kNormal, kHalf, kThrottled, kHung, kUnclear };
Pace pace_of(double power_state, Family family);

// Bits FH_THROTTLE_*, or `unknown` where the P-state says nothing.
Reading throttle_of(Pace pace);

}  // namespace farmhand::rebellions
