// SPDX-License-Identifier: Apache-2.0
// The checks of a card. What they rest on is FuriosaAI's own acceptance test
// (furiosa-server-validation-tool@0fd8f23, thresholds.py) where it gives a figure.
#pragma once

#include "look.hh"

namespace farmhand::furiosa {

struct HealthLimits {
  double temperature_warn;  // °C
  double temperature_fail;  // 0: none
  uint64_t heartbeat_ns;    // how long it may stand; 0: not judged
};

// For a card that nothing manages.
void check_unmanaged(Call& call, const Card& card);

// Every check each time, well or not.
void check_card(Call& call, Look& look, const HealthLimits& limits);

}  // namespace farmhand::furiosa
