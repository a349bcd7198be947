// SPDX-License-Identifier: Apache-2.0
#include "parse.hh"

#include <algorithm>

namespace farmhand::node {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

std::string_view take_line(std::string_view* text) {
  const size_t end = std::min(text->find('\n'), text->size());
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return line;
}

std::string_view take_word(std::string_view* text) {
  const size_t first = std::min(text->find_first_not_of(kBlanks), text->size());
  const size_t end = std::min(text->find_first_of(kBlanks, first), text->size());
  const std::string_view word = text->substr(first, end - first);
  text->remove_prefix(end);
  return word;
}

std::optional<double> number_from(std::string_view word) {
  const bool negative = word.starts_with('-');
  if (negative) word.remove_prefix(1);
  double value = 0;
  double unit = 0;  // of the next decimal place; 0 before the point
  bool digits = false;
  for (const char c : word) {
    if (c == '.' && unit == 0) {
      unit = 0.1;
    } else if (c < '0' || c > '9') {
      return std::nullopt;
    } else {
      digits = true;
      value = unit == 0 ? value * 10 + (c - '0') : value + (c - '0') * unit;
      unit /= 10;
    }
  }
  if (!digits) return std::nullopt;
  return negative ? -value : value;
}

std::optional<double> only_number_in(std::string_view text) {
  const std::string_view word = take_word(&text);
  return take_word(&text).empty() ? number_from(word) : std::nullopt;
}

bool matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace farmhand::node
