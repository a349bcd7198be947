// SPDX-License-Identifier: Apache-2.0
// The checks of a device. What could not be read is unknown, never well.
#pragma once

#include "look.hh"

namespace farmhand::rebellions {

struct HealthLimits {
  double temperature_warn;  // °C
  double temperature_fail;  // °C; 0: none
  uint64_t state_ns;        // how long a state that is none of the good ones may pass for a change
};

void check_card(Call& call, Look& look, const StatusTable& table, const HealthLimits& limits);

// One that nothing manages: on the PCI bus, or not readable.
void check_unmanaged(Call& call, const Card& card);

}  // namespace farmhand::rebellions
