// SPDX-License-Identifier: Apache-2.0
// Values as people write them: "250ms", "2GiB", "127.0.0.1:9464", "wss://host:7443/v1/sync".
// Each refusal is a sentence that says what to write instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace farmhand {

// A place to listen on or to connect to. An empty host means "off".
struct Address {
  std::string host;  // an IP address or a name; IPv6 without its brackets
  uint16_t port = 0;
  bool off() const { return host.empty(); }
  bool operator==(const Address&) const = default;
};

inline Address loopback(uint16_t port) {
  return {"127.0.0.1", port};
}

struct Url {
  std::string scheme;
  std::string host;  // IPv6 without its brackets
  uint16_t port = 0;
  std::string path;  // begins with '/'
  bool operator==(const Url&) const = default;
};

Result<std::chrono::milliseconds> parse_duration(std::string_view text);  // ms s m h d
Result<uint64_t> parse_size(std::string_view text);    // B KiB MiB GiB TiB, kB MB GB TB
Result<Address> parse_address(std::string_view text);  // host:port, [::1]:port; "" is off
Result<Url> parse_url(std::string_view text);          // ws, wss, http, https

std::string text_of(std::chrono::milliseconds duration);  // the largest unit that divides it
std::string text_of_size(uint64_t bytes);
std::string text_of(const Address& address);

}  // namespace farmhand
