// SPDX-License-Identifier: Apache-2.0
// The checks of a card. Limits are the card's own; what counts as a fault and what to do then is as
// in NVIDIA's GPU Memory Error Management and XID pages (docs.nvidia.com/deploy).
#pragma once

#include "look.hh"

namespace farmhand::nvidia {

// For a card that the library does not show. Throws FH_E_DEVICE_LOST if it is lost.
void check_unmanaged(Call& call, const Card& card);

// Every check each time, well or not; those whose source the card does not offer are left out.
void check_card(Call& call, Look& look);

}  // namespace farmhand::nvidia
