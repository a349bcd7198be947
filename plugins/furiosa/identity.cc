// SPDX-License-Identifier: Apache-2.0
#include "identity.hh"

#include <cstring>
#include <farmhand/parse.hh>
#include <farmhand/text.hh>

namespace farmhand::furiosa {

namespace {

constexpr size_t kNameMax = 64;
constexpr size_t kVersionMax = 120;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string pci_address_from(std::string_view text) {
  std::string address(trimmed(text));
  for (char& c : address) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  if (address.size() != 12) return {};
  const std::string_view all = address;
  const bool marks = all[4] == ':' && all[7] == ':' && all[10] == '.';
  const bool parts = is_hex(all.substr(0, 4)) && is_hex(all.substr(5, 2)) &&
                     is_hex(all.substr(8, 2)) && all[11] >= '0' && all[11] <= '7';
  return marks && parts ? address : std::string();
}

std::string name_from(std::string_view text) {
  const std::string_view name = trimmed(text);
  if (name.empty() || name.size() > kNameMax) return {};
  bool says_something = false;
  for (const char c : name) {
    if (c <= ' ' || c > '~') return {};
    const bool digit = c > '0' && c <= '9';
    says_something = says_something || digit || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }
  return says_something ? std::string(name) : std::string();
}

std::string version_from(std::string_view text) {
  return std::string(utf8_cut(clean(trimmed(text)), kVersionMax));
}

std::string_view text_in(const char* array, size_t size) {
  return {array, strnlen(array, size)};
}

}  // namespace farmhand::furiosa
