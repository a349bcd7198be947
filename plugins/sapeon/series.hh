// SPDX-License-Identifier: Apache-2.0
// The series a card offers: everything the adapter may say, the link, and hwmon's sensors.
#pragma once

#include "card.hh"

namespace farmhand::sapeon {

void declare(Call& call, const Card& card);
void emit_readings(Call& call, const Look& look, std::span<const uint32_t> ids);

}  // namespace farmhand::sapeon
