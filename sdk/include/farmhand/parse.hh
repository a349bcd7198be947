// SPDX-License-Identifier: Apache-2.0
// Text of the kernel and of vendors' tools in pieces: lines, words, numbers. Strict: what is not
// wholly a number is none, so that garbage never becomes a zero. (Not strtod and its kin: they heed
// the locale, skip blanks, take `nan` for a number and stop at the first odd character in silence.)
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace farmhand {

inline constexpr std::string_view kBlanks = " \t\r\n";

inline std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The next line without its end; `text` is shortened by it. Empty text gives empty lines for ever.
inline std::string_view take_line(std::string_view* text) {
  const size_t end = std::min(text->find('\n'), text->size());
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return line;
}

// The next word between blanks, or empty at the end.
inline std::string_view take_word(std::string_view* text) {
  const size_t first = std::min(text->find_first_not_of(kBlanks), text->size());
  const size_t end = std::min(text->find_first_of(kBlanks, first), text->size());
  const std::string_view word = text->substr(first, end - first);
  text->remove_prefix(end);
  return word;
}

// A whole decimal number that fits: `12`, `-1`; no `+`, no blanks, no tail.
template <class Integer = int64_t>
std::optional<Integer> integer_from(std::string_view word, int base = 10) {
  Integer value{};
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value, base);
  if (word.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// A hexadecimal number with or without `0x`.
inline std::optional<uint64_t> hex_from(std::string_view word) {
  if (word.starts_with("0x") || word.starts_with("0X")) word.remove_prefix(2);
  return integer_from<uint64_t>(word, 16);
}

// A decimal number and nothing else: `12`, `-1`, `3.25`.
inline std::optional<double> number_from(std::string_view word) {
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

// The number of a file that holds one line with one number and nothing behind it.
inline std::optional<double> only_number_in(std::string_view text) {
  const std::string_view word = take_word(&text);
  return take_word(&text).empty() ? number_from(word) : std::nullopt;
}

// `loop*` matches `loop0`; without a star the whole name must be equal.
inline bool matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace farmhand
