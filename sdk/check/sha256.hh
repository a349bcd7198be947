// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of a file, so that the checker needs no library.
#pragma once

#include <string>

namespace farmhand::check {

// 64 lower-case hex digits; empty: the file cannot be read.
std::string sha256_of_file(const std::string& path);

}  // namespace farmhand::check
