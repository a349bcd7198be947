// SPDX-License-Identifier: Apache-2.0
// The catalogue of reason codes (sdk/include/farmhand/reasons.h) as questions.
#pragma once

#include <string_view>

namespace farmhand {

std::string_view action_of_reason(std::string_view reason);  // empty: not in the catalogue
// A second look would not make it truer, and a job could meanwhile be lost or wrong.
bool counts_at_once(std::string_view reason);

}  // namespace farmhand
