// SPDX-License-Identifier: Apache-2.0
#include "health/perfdata.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "plugin/text.hh"

namespace farmhand {

namespace {

constexpr size_t kEvidenceMax = 64;
constexpr size_t kLabelBytesMax = 128;
constexpr size_t kTextBytesMax = 256;

struct PerfUnit {
  std::string_view name;
  Unit unit;
  double factor;
};
constexpr std::array kPerfUnits = {
    PerfUnit{"", Unit::kNone, 1},           PerfUnit{"c", Unit::kNone, 1},
    PerfUnit{"%", Unit::kPercent, 1},       PerfUnit{"s", Unit::kNanosecond, 1e9},
    PerfUnit{"ms", Unit::kNanosecond, 1e6}, PerfUnit{"us", Unit::kNanosecond, 1e3},
    PerfUnit{"ns", Unit::kNanosecond, 1},   PerfUnit{"B", Unit::kByte, 1},
    PerfUnit{"KB", Unit::kByte, 0x1p10},    PerfUnit{"MB", Unit::kByte, 0x1p20},
    PerfUnit{"GB", Unit::kByte, 0x1p30},    PerfUnit{"TB", Unit::kByte, 0x1p40},
    PerfUnit{"PB", Unit::kByte, 0x1p50},    PerfUnit{"C", Unit::kCelsius, 1},
    PerfUnit{"W", Unit::kWatt, 1},          PerfUnit{"V", Unit::kVolt, 1},
    PerfUnit{"A", Unit::kAmpere, 1}};

// Takes a finite number off the front.
std::optional<double> take_number(std::string_view& text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  return number;
}

std::optional<double> whole_number(std::string_view text) {
  const auto number = take_number(text);
  return text.empty() ? number : std::nullopt;
}

// Of a locale with a decimal comma, whose plugins print `0,15`.
std::string with_points(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), ',', '.');
  return out;
}

std::string_view take_until(std::string_view& text, char end) {
  const size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return taken;
}

// The label and its '='; nothing when there is none.
std::optional<std::string> take_label(std::string_view& text) {
  std::string label;
  if (!text.starts_with('\'')) {
    const size_t at = text.find_first_of("= ");
    if (at == text.npos || at == 0 || text[at] != '=') return std::nullopt;
    label = text.substr(0, at);
    text.remove_prefix(at + 1);
    return label;
  }
  for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1)) {
    if (text.front() == '\'') {
      if (!text.starts_with("''")) break;
      text.remove_prefix(1);
    }
    label += text.front();
  }
  if (!text.starts_with("'=") || label.empty()) return std::nullopt;
  text.remove_prefix(2);
  return label;
}

void set_bounds(Evidence& evidence, std::string_view warn, std::string_view crit, double factor) {
  const auto range = parse_perf_range(warn.empty() ? crit : warn);
  if (!range || range->inverted) return;  // the raw text says it
  if (range->least) evidence.least = *range->least * factor;
  if (range->most) evidence.most = *range->most * factor;
}

std::optional<Evidence> evidence_from(const std::string& label, std::string_view fields) {
  Evidence evidence;
  evidence.name = cleaned_text(label, kLabelBytesMax);
  evidence.text = cleaned_text(fields, kTextBytesMax);
  const std::string pointed = with_points(fields);
  std::string_view left = pointed;
  std::string_view value = take_until(left, ';');
  if (value == "U") return evidence;
  const auto number = take_number(value);
  if (!number) return std::nullopt;
  const auto* const unit = std::find_if(kPerfUnits.begin(), kPerfUnits.end(),
                                        [&](const PerfUnit& known) { return known.name == value; });
  const bool known = unit != kPerfUnits.end();
  const double factor = known ? unit->factor : 1;
  evidence.unit = known ? unit->unit : Unit::kNone;
  evidence.value = *number * factor;
  const std::string_view warn = take_until(left, ';');
  const std::string_view crit = take_until(left, ';');
  set_bounds(evidence, warn, crit, factor);
  return evidence;
}

}  // namespace

std::optional<PerfRange> parse_perf_range(std::string_view text) {
  PerfRange range;
  if (text.starts_with('@')) {
    range.inverted = true;
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  const size_t colon = text.find(':');
  const std::string_view low = colon == text.npos ? "" : text.substr(0, colon);
  const std::string_view high = colon == text.npos ? text : text.substr(colon + 1);
  if (low == "~") {
    range.least = std::nullopt;
  } else if (low.empty()) {
    range.least = 0;
  } else if (!(range.least = whole_number(low))) {
    return std::nullopt;
  }
  if (!high.empty() && !(range.most = whole_number(high))) return std::nullopt;
  if (range.least && range.most && *range.least > *range.most) return std::nullopt;
  return range;
}

std::vector<Evidence> parse_perfdata(std::string_view text) {
  std::vector<Evidence> all;
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (all.size() < kEvidenceMax) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    if (text.empty()) break;
    const auto label = take_label(text);
    const auto end =
        static_cast<size_t>(std::find_if(text.begin(), text.end(), is_space) - text.begin());
    const std::string_view fields = text.substr(0, end);
    text.remove_prefix(end);
    if (!label) continue;
    if (auto evidence = evidence_from(*label, fields)) all.push_back(std::move(*evidence));
  }
  return all;
}

}  // namespace farmhand
