// SPDX-License-Identifier: Apache-2.0
#include "control/request.hh"

#include <algorithm>

#include "base/bytes.hh"

namespace farmhand {

namespace {

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// Verbs and keys come back in sentences, so nothing stands in them that a terminal would act upon.
bool is_name(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), unreserved);
}

std::string_view take_word(std::string_view& line) {
  const size_t start = line.find_first_not_of(' ');
  if (start == std::string_view::npos) return line = {};
  line.remove_prefix(start);
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::optional<std::string> Request::find(std::string_view key) const {
  for (const auto& [name, value] : arguments) {
    if (name == key) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Request::find_all(std::string_view key) const {
  std::vector<std::string> found;
  for (const auto& [name, value] : arguments) {
    if (name == key) found.push_back(value);
  }
  return found;
}

Result<std::string> Request::get(std::string_view key) const {
  if (auto value = find(key)) return std::move(*value);
  return Error{Errc::kInvalid, "'" + verb + "' needs " + std::string(key) + "=…"};
}

Result<Request> parse_request(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  Request request{.verb = std::string(take_word(line)), .arguments = {}};
  if (request.verb.empty()) {
    return Error{Errc::kInvalid, "the request is empty; send one line such as 'status'"};
  }
  if (!is_name(request.verb)) {
    return Error{Errc::kInvalid, "the request does not begin with a verb such as 'status'"};
  }
  while (true) {
    const std::string_view word = take_word(line);
    if (word.empty()) return request;
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos || !is_name(word.substr(0, equals))) {
      return Error{Errc::kInvalid, "'" + std::string(word) + "' is not of the form key=value"};
    }
    auto value = percent_decode(word.substr(equals + 1));
    if (!value) return value.error().in(word.substr(0, equals));
    request.arguments.emplace_back(word.substr(0, equals), std::move(*value));
  }
}

std::string line_of(const Request& request) {
  std::string line = request.verb;
  for (const auto& [key, value] : request.arguments) {
    line.append(" ").append(key).append("=").append(percent_encode(value));
  }
  return line;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    (out += '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto byte = text.size() < 3 ? std::nullopt : bytes_from_hex(text.substr(1, 2));
    if (!byte) return Error{Errc::kInvalid, "a '%' must be followed by two hexadecimal digits"};
    out += *byte;
    text.remove_prefix(3);
  }
  return out;
}

}  // namespace farmhand
