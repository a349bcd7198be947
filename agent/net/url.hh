// SPDX-License-Identifier: Apache-2.0
// Where to connect to: `wss://host:port/path`, `https://…`, and the same without TLS (`ws`,
// `http`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace farmhand::net {

struct Url {
  bool tls = true;
  std::string host;  // a name or an address, without brackets; what the certificate must name
  uint16_t port = 443;
  std::string path = "/";  // with the query, as written

  std::string authority() const;  // `host:port`, as people write it
  Url with_path(std::string path) const;
};

Result<Url> parse_url(std::string_view text);

// One component of a path or query, percent-encoded.
std::string percent_encode(std::string_view text);

}  // namespace farmhand::net
