// SPDX-License-Identifier: Apache-2.0
#include "cli/draw.hh"

#include <algorithm>
#include <array>
#include <cmath>

namespace farmhand::cli {

namespace {

struct Known {
  std::string_view state;
  Tone tone;
};

// clang-format off
constexpr Known kKnown[] = {
    {"managed", Tone::kGood},    {"running", Tone::kGood},  {"live", Tone::kGood},
    {"connected", Tone::kGood},  {"available", Tone::kGood}, {"ok", Tone::kPlain},
    {"unmanaged", Tone::kWarn},  {"starting", Tone::kWarn}, {"waiting", Tone::kWarn},
    {"stale", Tone::kWarn},      {"no_permission", Tone::kWarn}, {"backoff", Tone::kBad},
    {"unknown", Tone::kBad},     {"missing", Tone::kBad},   {"refused", Tone::kBad},
    {"away", Tone::kBad},        {"error", Tone::kBad},     {"disk_full", Tone::kBad},
    {"not_writable", Tone::kBad}, {"warn", Tone::kWarn},    {"fail", Tone::kBad},
    {"cordoned", Tone::kWarn},   {"draining", Tone::kWarn}, {"drained", Tone::kWarn},
    {"quarantined", Tone::kBad}, {"quiesced", Tone::kWarn},
};
// clang-format on

// The mean of each of `columns` equal parts, so that an hour fits whatever is left of the line.
std::vector<std::optional<double>> squeezed(const std::vector<std::optional<double>>& values,
                                            size_t columns) {
  if (values.size() <= columns) return values;
  std::vector<std::optional<double>> out;
  for (size_t i = 0; i < columns; ++i) {
    double sum = 0;
    size_t n = 0;
    for (size_t at = i * values.size() / columns; at < (i + 1) * values.size() / columns; ++at) {
      if (!values[at]) continue;
      sum += *values[at];
      ++n;
    }
    out.push_back(n == 0 ? std::nullopt : std::optional(sum / static_cast<double>(n)));
  }
  return out;
}

}  // namespace

Tone tone_of(std::string_view state) {
  for (const Known& known : kKnown) {
    if (known.state == state) return known.tone;
  }
  return Tone::kPlain;
}

Cell state_cell(const Document& object) {
  const std::string state = text_or_dash(object, "status");
  return {state, tone_of(state)};
}

Cell reading_cell(const Document& reading) {
  const std::string status = text(reading, "status");
  const std::string shown = measured(number(reading, "value"), text(reading, "unit"));
  return {shown, status == "stale" ? Tone::kDim : Tone::kPlain};
}

std::string sparkline(const std::vector<std::optional<double>>& values, size_t columns) {
  static constexpr std::array<const char*, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const auto shown = squeezed(values, columns);
  std::optional<double> low, high;
  for (const auto& value : shown) {
    if (!value) continue;
    low = std::min(low.value_or(*value), *value);
    high = std::max(high.value_or(*value), *value);
  }
  std::string out;
  for (const auto& value : shown) {
    if (!value) {
      out += ' ';
      continue;
    }
    const double height = *high > *low ? (*value - *low) / (*high - *low) : 0;
    out += kBars[static_cast<size_t>(std::lround(height * 7))];
  }
  return out;
}

}  // namespace farmhand::cli
