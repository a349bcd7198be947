// SPDX-License-Identifier: Apache-2.0
// A request on the control socket is one line: `verb key=value key=value\n`, values
// percent-encoded. A line can be typed by hand into socat, and needs no parser to speak of; JSON
// would have brought one into the agent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hh"

namespace farmhand {

struct Request {
  std::string verb;
  std::vector<std::pair<std::string, std::string>> arguments;
  std::string who = {};  // the user at the other end, as the kernel says; not of the line

  std::optional<std::string> find(std::string_view key) const;    // the first of that name
  std::vector<std::string> find_all(std::string_view key) const;  // in the order given
  Result<std::string> get(std::string_view key) const;            // kInvalid when absent
  bool operator==(const Request&) const = default;
};

// The whole line, its newline included. The server drops a client that sends more.
constexpr size_t kRequestBytesMax = 8 * 1024;

Result<Request> parse_request(std::string_view line);  // without its newline
std::string line_of(const Request& request);           // without its newline

// RFC 3986: everything but letters, digits and `-._~` becomes %XX.
std::string percent_encode(std::string_view text);
Result<std::string> percent_decode(std::string_view text);

}  // namespace farmhand
