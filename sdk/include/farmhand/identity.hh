// SPDX-License-Identifier: Apache-2.0
// Who a device is: what drivers, libraries and tools write about it made fit for a record, and keys
// that stay the same.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "farmhand/parse.hh"
#include "farmhand/text.hh"

namespace farmhand {

// `0000:03:00.0` in lower case; empty for anything else.
inline std::string pci_address_from(std::string_view text) {
  std::string address(trimmed(text));
  for (char& c : address) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::string_view kShape = "xxxx:xx:xx.o";
  if (address.size() != kShape.size()) return {};
  for (size_t at = 0; at < kShape.size(); ++at) {
    const char c = address[at];
    const bool octal = c >= '0' && c <= '7';
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    const bool fits = kShape[at] == 'x' ? hex : kShape[at] == 'o' ? octal : c == kShape[at];
    if (!fits) return {};
  }
  return address;
}

// A serial number, UUID or model: printable ASCII without blanks, with a letter or a digit other
// than 0, at most 64. Anything else was not read, or names nothing, and is empty.
inline std::string name_from(std::string_view text) {
  constexpr size_t kMost = 64;
  const std::string_view name = trimmed(text);
  bool says_something = false;
  for (const char c : name) {
    if (c <= ' ' || c > '~') return {};
    const bool digit = c > '0' && c <= '9';
    says_something = says_something || digit || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  }
  return says_something && name.size() <= kMost ? std::string(name) : std::string();
}

// A version as people read it: `2026.3.0, 7e25130`.
inline std::string version_from(std::string_view text) {
  constexpr size_t kMost = 120;
  const std::string whole = clean(trimmed(text));
  return std::string(utf8_cut(whole, kMost));
}

// The text in an array that may lack its final NUL.
inline std::string_view text_in(const char* array, size_t size) {
  return {array, strnlen(array, size)};
}

// Keys and handles of one plugin's devices, over all its enumerations. `Device` has the texts
// `pci`, `serial`, `uuid` and `key`.
class KeyBook {
 public:
  // Sets the keys: serial number, else UUID, else PCI address, of which only those count that no
  // other device of the list has. A name that could be read once stays the device's while it sits
  // in its slot: a source that fails for a moment must not make another device of it.
  template <class Device>
  void name(const std::vector<Device*>& all) {
    std::map<std::string, int> serials, uuids;
    for (Device* each : all) {
      complete(each->pci.empty() ? each->serial : each->pci, &each->serial, &each->uuid);
      ++serials[each->serial];
      ++uuids[each->uuid];
    }
    for (Device* each : all) {
      const bool serial = !each->serial.empty() && serials[each->serial] == 1;
      const bool uuid = !each->uuid.empty() && uuids[each->uuid] == 1;
      each->key = serial ? each->serial : uuid ? each->uuid : each->pci;
    }
  }

  // The same for the same key, as the ABI wants it.
  uint32_t handle(const std::string& key) {
    return handles_.try_emplace(key, static_cast<uint32_t>(handles_.size())).first->second;
  }

 private:
  struct Names {
    std::string serial, uuid;
  };

  void complete(const std::string& slot, std::string* serial, std::string* uuid) {
    Names& known = names_[slot];
    const bool swapped = (!uuid->empty() && !known.uuid.empty() && *uuid != known.uuid) ||
                         (!serial->empty() && !known.serial.empty() && *serial != known.serial);
    if (swapped) known = {};
    if (serial->empty()) *serial = known.serial;
    if (uuid->empty()) *uuid = known.uuid;
    known = {*serial, *uuid};
  }

  std::map<std::string, Names> names_;  // by slot
  std::map<std::string, uint32_t> handles_;
};

}  // namespace farmhand
