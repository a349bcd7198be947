// SPDX-License-Identifier: Apache-2.0
// The series a card offers, and which value of the look each is.
#pragma once

#include <span>

#include "look.hh"

namespace farmhand::nvidia {

// A card that nothing manages has only its link. A metric's id is its place here, or behind it for
// a link's and a slice's.
void declare_series(Call& call, Look& look);

void sample_series(Call& call, Look& look, std::span<const uint32_t> ids);

}  // namespace farmhand::nvidia
