// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hh"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace farmhand::cli {

namespace {

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kWarn:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kDim:
      return "\x1b[2m";
    case Tone::kBold:
      return "\x1b[1m";
    case Tone::kPlain:
      break;
  }
  return "";
}

bool starts_a_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

}  // namespace

Terminal Terminal::of_stdout(bool no_colour) {
  if (::isatty(STDOUT_FILENO) == 0) return {};
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool forbidden = no_colour || (no_color != nullptr && *no_color != '\0');
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {.colour = !forbidden && !dumb, .columns = known ? size.ws_col : size_t{80}};
}

std::string Terminal::painted(std::string_view text, Tone tone) const {
  if (!colour || tone == Tone::kPlain || text.empty()) return std::string(text);
  return std::string(code_of(tone)).append(text).append("\x1b[0m");
}

size_t width_of(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += starts_a_character(c) ? 1 : 0;
  return width;
}

std::string shortened(std::string_view text, size_t columns) {
  if (width_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  size_t end = 0;
  for (size_t taken = 0; end < text.size(); ++end) {
    if (starts_a_character(text[end]) && ++taken == columns) break;
  }
  return std::string(text.substr(0, end)).append("…");
}

std::string harmless(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c0 = c < 0x20 || c == 0x7F;
    const bool c1 = c == 0xC2 && i + 1 < text.size() &&
                    static_cast<unsigned char>(text[i + 1]) < 0xA0;  // U+0080 to U+009F
    if (c1) ++i;
    out += c0 || c1 ? '?' : text[i];
  }
  return out;
}

}  // namespace farmhand::cli
