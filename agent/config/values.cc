// SPDX-License-Identifier: Apache-2.0
#include "config/values.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace farmhand {

namespace {

struct UnitName {
  std::string_view name;
  uint64_t factor;
};

// The largest first: how a value is written again.
constexpr std::array kDurations = {UnitName{"d", 86'400'000}, UnitName{"h", 3'600'000},
                                   UnitName{"m", 60'000}, UnitName{"s", 1'000}, UnitName{"ms", 1}};
constexpr std::array kSizes = {UnitName{"TiB", uint64_t{1} << 40},
                               UnitName{"GiB", uint64_t{1} << 30},
                               UnitName{"MiB", uint64_t{1} << 20},
                               UnitName{"KiB", uint64_t{1} << 10},
                               UnitName{"TB", 1'000'000'000'000},
                               UnitName{"GB", 1'000'000'000},
                               UnitName{"MB", 1'000'000},
                               UnitName{"kB", 1'000},
                               UnitName{"B", 1}};

// "1.5s" as a whole number of the smallest unit; nothing when it is not a number and a unit.
template <size_t N>
std::optional<uint64_t> number_with_unit(std::string_view text,
                                         const std::array<UnitName, N>& units) {
  double number = 0;
  const auto parsed =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (parsed.ec != std::errc() || number < 0) return std::nullopt;
  std::string_view unit = text.substr(static_cast<size_t>(parsed.ptr - text.data()));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  for (const UnitName& known : units) {
    if (known.name != unit) continue;
    const double value = std::round(number * static_cast<double>(known.factor));
    if (value > 9e18) return std::nullopt;
    return static_cast<uint64_t>(value);
  }
  if (unit.empty() && number == 0) return 0;
  return std::nullopt;
}

template <size_t N>
std::string with_unit(uint64_t value, const std::array<UnitName, N>& units) {
  for (const UnitName& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return "0";
}

std::optional<uint16_t> port_from(std::string_view text) {
  uint16_t port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return port;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != text.npos && std::all_of(text.begin(), text.end(), [](char c) {
           return std::isxdigit(static_cast<unsigned char>(c)) || c == ':' || c == '.' || c == '%';
         });
}

// `host`, `host:port`, `[v6]:port`; no port gives `port`.
std::optional<Address> split_host(std::string_view text, std::optional<uint16_t> port) {
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == text.npos) return std::nullopt;
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!is_ipv6(host)) return std::nullopt;
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    rest = text.substr(colon);
    if (!is_host(host)) return std::nullopt;
  }
  if (!rest.empty()) port = rest.front() == ':' ? port_from(rest.substr(1)) : std::nullopt;
  if (!port) return std::nullopt;
  return Address{std::string(host), *port};
}

Error not_a(std::string_view text, std::string_view what) {
  return {Errc::kInvalid, "'" + std::string(text) + "' is not " + std::string(what)};
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = number_with_unit(text, kDurations);
  if (!value) {
    return not_a(text,
                 "a duration: write a number and one of ms, s, m, h, d, "
                 "such as \"250ms\" or \"5m\"");
  }
  return std::chrono::milliseconds(*value);
}

Result<uint64_t> parse_size(std::string_view text) {
  const auto value = number_with_unit(text, kSizes);
  if (!value) {
    return not_a(text,
                 "a size: write a number and one of B, KiB, MiB, GiB, TiB (or kB, MB, GB, TB), "
                 "such as \"512MiB\"");
  }
  return *value;
}

Result<Address> parse_address(std::string_view text) {
  if (text.empty()) return Address{};
  const auto address = split_host(text, std::nullopt);
  if (!address) {
    return not_a(text, "an address: write host:port, such as \"127.0.0.1:9464\" or \"[::1]:9464\"");
  }
  return *address;
}

Result<Url> parse_url(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, uint16_t>, 4> kSchemes = {
      {{"wss", 443}, {"ws", 80}, {"https", 443}, {"http", 80}}};
  for (const auto& [scheme, port] : kSchemes) {
    if (!text.starts_with(scheme) || !text.substr(scheme.size()).starts_with("://")) continue;
    const std::string_view rest = text.substr(scheme.size() + 3);
    const size_t slash = std::min(rest.find('/'), rest.size());
    const auto address = split_host(rest.substr(0, slash), port);
    if (!address || address->port == 0) break;
    const std::string_view path = rest.substr(slash);
    return Url{std::string(scheme), address->host, address->port,
               path.empty() ? "/" : std::string(path)};
  }
  return not_a(text, "a URL such as \"wss://coordinator.example:7443/v1/sync\"");
}

std::string text_of(std::chrono::milliseconds duration) {
  return with_unit(static_cast<uint64_t>(duration.count()), kDurations);
}

std::string text_of_size(uint64_t bytes) {
  return with_unit(bytes, kSizes);
}

std::string text_of(const Address& address) {
  if (address.off()) return "";
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

}  // namespace farmhand
