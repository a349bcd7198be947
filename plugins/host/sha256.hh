// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a short text. A plugin links nothing, and the one thing hashed here is a machine id.
#pragma once

#include <string>
#include <string_view>

namespace farmhand::node {

// In lower case hexadecimal.
std::string sha256_hex(std::string_view text);

}  // namespace farmhand::node
