// SPDX-License-Identifier: Apache-2.0
// The kernel's text files in pieces: lines, words, numbers.
#pragma once

#include <optional>
#include <string_view>

namespace farmhand::node {

// The next line without its end; `text` is shortened by it. Empty text gives empty lines for ever.
std::string_view take_line(std::string_view* text);

// The next word between blanks, or empty at the end.
std::string_view take_word(std::string_view* text);

// A decimal number and nothing else: `12`, `-1`, `3.25`. (Not strtod: it heeds the locale and takes
// `nan` for a number.)
std::optional<double> number_from(std::string_view word);

// The first number of a file such as those in /sys: one line, nothing behind it.
std::optional<double> only_number_in(std::string_view text);

// `loop*` matches `loop0`; without a star the whole name must be equal.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace farmhand::node
