// SPDX-License-Identifier: Apache-2.0
#include "log/record.hh"

#include <algorithm>
#include <farmhand/parse.hh>

namespace farmhand::node {

namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// How many characters at `at` have this form, in which `x` is a hexadecimal digit; 0 if they do
// not, or are a part of something longer.
size_t form_at(std::string_view text, size_t at, std::string_view form) {
  if (at + form.size() > text.size()) return 0;
  for (size_t i = 0; i < form.size(); ++i) {
    const char c = text[at + i];
    if (form[i] == 'x' ? !is_hex(c) : form[i] != c) return 0;
  }
  const auto joins = [](char c) { return is_hex(c) || c == 'x' || c == 'X'; };
  if (at > 0 && (joins(text[at - 1]) || text[at - 1] == '.')) return 0;
  const size_t end = at + form.size();
  return end < text.size() && joins(text[end]) ? 0 : form.size();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

}  // namespace

std::optional<LogRecord> record_from(std::string_view line) {
  const size_t semicolon = line.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  std::string_view prefix = line.substr(0, semicolon);
  const auto take = [&] {
    const size_t comma = std::min(prefix.find(','), prefix.size());
    const auto number = integer_from<uint64_t>(prefix.substr(0, comma));
    prefix.remove_prefix(std::min(comma + 1, prefix.size()));
    return number;
  };
  const auto priority = take();
  const auto sequence = take();
  if (!priority || !sequence) return std::nullopt;
  return LogRecord{*sequence,
                   static_cast<int>(*priority & 7),
                   static_cast<int>(*priority >> 3),
                   std::string(line.substr(semicolon + 1)),
                   {}};
}

void add_line(std::string_view line, LogRecord* record) {
  constexpr std::string_view kDevice = " DEVICE=+pci:";
  if (line.starts_with(kDevice)) record->pci = lower(trimmed(line.substr(kDevice.size())));
}

// The full form anywhere is preferred over a short one before it.
std::string pci_in(std::string_view text) {
  for (const std::string_view form : {"xxxx:xx:xx.x", "xxxx:xx:xx"}) {
    for (size_t at = 0; at < text.size(); ++at) {
      const size_t size = form_at(text, at, form);
      if (size == 0) continue;
      return lower(text.substr(at, size)) + (size == 10 ? ".0" : "");
    }
  }
  for (size_t at = 0; at < text.size(); ++at) {
    const bool marked = at > 0 && (text[at - 1] == '[' || text[at - 1] == '=');
    if (marked && form_at(text, at, "xx:xx.x") != 0) return "0000:" + lower(text.substr(at, 7));
  }
  return {};
}

}  // namespace farmhand::node
