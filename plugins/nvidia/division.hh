// SPDX-License-Identifier: Apache-2.0
// Dividing a card into MIG instances. All of it needs root (nvml.h: "Requires privileged user");
// without, the library refuses and nothing changes.
#pragma once

#include "slices.hh"

namespace farmhand::nvidia {

// Exactly these, by profile; none makes the card whole again. What is already so stays untouched.
void divide_card(Call& call, const Card& card, Nvml& library,
                 std::span<const std::string> profiles);

}  // namespace farmhand::nvidia
