// SPDX-License-Identifier: Apache-2.0
#include "cli/format.hh"

#include <array>
#include <cmath>
#include <cstdio>

namespace farmhand::cli {

namespace {

std::string scaled(double value, double step, const std::array<const char*, 6>& prefixes) {
  size_t at = 0;
  double shown = value;
  while (std::fabs(shown) >= step && at + 1 < prefixes.size()) {
    shown /= step;
    ++at;
  }
  const bool whole = at == 0 && shown == std::floor(shown);
  return fixed(shown, whole ? 0 : 1) + " " + prefixes[at];
}

std::string pair_of(int64_t major, const char* big, int64_t minor, const char* small) {
  char text[64];
  std::snprintf(text, sizeof text, "%lld %s %02lld %s", static_cast<long long>(major), big,
                static_cast<long long>(minor), small);
  return text;
}

}  // namespace

const Document& member(const Document& object, std::string_view name) {
  static const Document nothing;
  if (!object.is_object()) return nothing;
  const auto at = object.find(name);
  return at == object.end() ? nothing : *at;
}

std::optional<double> number(const Document& object, std::string_view name) {
  const Document& value = member(object, name);
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

std::string text(const Document& object, std::string_view name) {
  const Document& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::string text_or_dash(const Document& object, std::string_view name) {
  const std::string value = text(object, name);
  return value.empty() ? kDash : value;
}

bool truth(const Document& object, std::string_view name) {
  const Document& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

std::string fixed(std::optional<double> value, int places) {
  if (!value || !std::isfinite(*value)) return kDash;
  char text[64];
  // Beyond 15 digits a double has no more to say, and the buffer no room.
  const bool huge = std::fabs(*value) >= 1e15;
  std::snprintf(text, sizeof text, huge ? "%.*e" : "%.*f", places, *value);
  return text;
}

std::string count(std::optional<double> value) {
  std::string digits = fixed(value, 0);
  if (digits == kDash || digits.find('e') != std::string::npos) return digits;
  const size_t first = digits.front() == '-' ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ' ');
  return digits;
}

std::string bytes(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return kDash;
  return scaled(*value, 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB"});
}

std::string duration(std::optional<double> seconds) {
  if (!seconds || !std::isfinite(*seconds)) return kDash;
  const double s = *seconds;
  if (s < 0) return "-" + duration(-s);
  if (s == 0) return "0 s";
  if (s < 1e-6) return fixed(s * 1e9, 0) + " ns";
  if (s < 1e-3) return fixed(s * 1e6, 0) + " µs";
  if (s < 1) return fixed(s * 1e3, 0) + " ms";
  const auto whole = static_cast<int64_t>(s);
  if (whole < 60) return fixed(s, s < 10 && s != std::floor(s) ? 1 : 0) + " s";
  if (whole < 3600) return pair_of(whole / 60, "min", whole % 60, "s");
  if (whole < 86400) return pair_of(whole / 3600, "h", whole / 60 % 60, "min");
  return pair_of(whole / 86400, "d", whole / 3600 % 24, "h");
}

std::string measured(std::optional<double> value, std::string_view unit) {
  if (!value || !std::isfinite(*value)) return kDash;
  if (unit == "B") return bytes(value);
  if (unit == "B/s") return bytes(value) + "/s";
  if (unit == "ns") return duration(*value / 1e9);
  if (unit == "J") return scaled(*value, 1000, {"J", "kJ", "MJ", "GJ", "TJ", "PJ"});
  const bool whole = *value == std::floor(*value) || std::fabs(*value) >= 1e4;
  if (unit.empty()) return whole ? count(value) : fixed(value, std::fabs(*value) < 10 ? 3 : 1);
  const int places = unit == "V" || unit == "A" ? 3 : unit == "MHz" || unit == "rpm" ? 0 : 1;
  return fixed(value, places) + " " + std::string(unit);
}

std::string measured_rate(std::optional<double> per_second, std::string_view unit) {
  if (!per_second || !std::isfinite(*per_second)) return kDash;
  if (unit == "J") return measured(per_second, "W");
  if (unit == "ns") return measured(*per_second / 1e7, "%");
  return measured(per_second, unit) + "/s";
}

std::string moment(const Document& object, std::string_view name) {
  std::string time = text(object, name);
  if (time.empty()) return kDash;
  const size_t dot = time.find('.');
  if (dot != std::string::npos) time = time.substr(0, dot) + "Z";
  if (time.size() > 10 && time[10] == 'T') time[10] = ' ';
  return time;
}

}  // namespace farmhand::cli
