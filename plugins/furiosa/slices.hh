// SPDX-License-Identifier: Apache-2.0
// A card's cores alone, in pairs or in fours: the driver has a node for each, and a job simply
// opens its own. So slices are always there and never made.
#pragma once

#include <farmhand/slice.hh>

#include "look.hh"

namespace farmhand::furiosa {

void list_slices(Call& call, Look& look);
void list_profiles(Call& call, const Card& card);

// The cores of `<device key>/cores/0-3`; all of them for an empty key. Throws FH_E_INVALID with the
// keys there are.
CoreRange cores_of_slice(const Card& card, const std::string& slice);

}  // namespace farmhand::furiosa
