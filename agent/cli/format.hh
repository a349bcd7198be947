// SPDX-License-Identifier: Apache-2.0
// Values as people read them. What is not known is a dash, never a zero.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace farmhand::cli {

using Document = nlohmann::json;

inline constexpr const char* kDash = "-";

// Members of a JSON object, forgiving: absent and null are the same.
const Document& member(const Document& object, std::string_view name);
std::optional<double> number(const Document& object, std::string_view name);
std::string text(const Document& object, std::string_view name);  // "" when absent
std::string text_or_dash(const Document& object, std::string_view name);
bool truth(const Document& object, std::string_view name);

std::string count(std::optional<double> value);       // `12 345`
std::string bytes(std::optional<double> value);       // `1.5 GiB`
std::string duration(std::optional<double> seconds);  // `350 ms`, `12 s`, `3 min 05 s`, `2 d 04 h`
std::string fixed(std::optional<double> value, int places);  // `12.30`

// A metric's value in its unit (the symbols of `symbol_of(Unit)`), scaled where that helps:
// bytes to GiB, joules to kJ, nanoseconds to a duration.
std::string measured(std::optional<double> value, std::string_view unit);

// Growth per second of a counter in this unit: joules are watts, nanoseconds a share of one core.
std::string measured_rate(std::optional<double> per_second, std::string_view unit);

// An RFC 3339 text as `2026-01-31 12:00:00Z`, without its fraction.
std::string moment(const Document& object, std::string_view name);

}  // namespace farmhand::cli
