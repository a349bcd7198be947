// SPDX-License-Identifier: Apache-2.0
// The checks of a card. What the adapter does not say is unknown, never well.
#pragma once

#include "card.hh"

namespace farmhand::sapeon {

// `temperature_warn` in °C; 0: no limit is known.
void check_card(Call& call, const Look& look, double temperature_warn);

}  // namespace farmhand::sapeon
