// SPDX-License-Identifier: Apache-2.0
// What a driver, a library or a tool wrote about a card's identity, made fit for a record and for a
// key, or empty.
#pragma once

#include <string>
#include <string_view>

namespace farmhand::furiosa {

// `0000:03:00.0` in lower case; empty for anything else.
std::string pci_address_from(std::string_view text);

// A serial number, UUID or model: printable ASCII without blanks, with a letter or digit that is
// not 0, at most 64. A text that is no such name was not read, or is not a name.
std::string name_from(std::string_view text);

// A version: `2026.3.0, 7e25130`.
std::string version_from(std::string_view text);

// The text in an array that may lack its final NUL.
std::string_view text_in(const char* array, size_t size);

}  // namespace farmhand::furiosa
