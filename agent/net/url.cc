// SPDX-License-Identifier: Apache-2.0
#include "net/url.hh"

#include <algorithm>
#include <charconv>
#include <utility>

namespace farmhand::net {

namespace {

struct Scheme {
  std::string_view prefix;
  bool tls;
  uint16_t port;
};

constexpr Scheme kSchemes[] = {
    {"wss://", true, 443}, {"https://", true, 443}, {"ws://", false, 80}, {"http://", false, 80}};

Error bad(std::string_view text, std::string_view why) {
  return {Errc::kInvalid, "'" + std::string(text) + "' is not an address: " + std::string(why) +
                              "; write wss://host:port/path"};
}

// Takes the host off the front of `rest`: a name, an IPv4 address, or an IPv6 one in brackets.
// Empty where there is none.
std::string take_host(std::string_view& rest) {
  const bool bracketed = rest.starts_with('[');
  const size_t end = bracketed ? rest.find(']') : std::min(rest.find_first_of(":/?"), rest.size());
  if (end == rest.npos) return "";
  std::string host(rest.substr(bracketed ? 1 : 0, end - bracketed));
  if (bracketed && host.find(':') == host.npos) return "";
  rest.remove_prefix(end + bracketed);
  return host;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What may stand there, no more: the resolver knows which of them are names.
bool is_host(std::string_view host) {
  const bool v6 = host.find(':') != host.npos;
  const std::string_view marks = v6 ? ":.%" : ".-_";
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const bool foreign_letter = !v6 && static_cast<uint8_t>(c) >= 0x80;
    return is_letter_or_digit(c) || foreign_letter || marks.find(c) != marks.npos;
  });
}

bool take_port(std::string_view& rest, uint16_t& port) {
  if (!rest.starts_with(':')) return true;
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  if (error != std::errc() || port == 0) return false;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return true;
}

}  // namespace

std::string Url::authority() const {
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Url Url::with_path(std::string other) const {
  Url url = *this;
  url.path = std::move(other);
  return url;
}

Result<Url> parse_url(std::string_view text) {
  for (const Scheme& scheme : kSchemes) {
    if (!text.starts_with(scheme.prefix)) continue;
    Url url{.tls = scheme.tls, .host = "", .port = scheme.port, .path = "/"};
    std::string_view rest = text.substr(scheme.prefix.size());
    url.host = take_host(rest);
    if (url.host.empty()) return bad(text, "it names no host");
    if (!is_host(url.host)) return bad(text, "its host has a character that no host has");
    if (!take_port(rest, url.port)) return bad(text, "the port is not a number from 1 to 65535");
    if (!rest.empty() && rest.front() != '/' && rest.front() != '?') {
      return bad(text, "something stands between host and path");
    }
    if (!rest.empty()) url.path = rest.front() == '/' ? std::string(rest) : "/" + std::string(rest);
    if (url.path.find_first_of(" \r\n") != url.path.npos) return bad(text, "the path has a space");
    return url;
  }
  return bad(text, "it does not begin with wss:// or https://");
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    const bool plain =
        is_letter_or_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace farmhand::net
