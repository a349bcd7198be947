// SPDX-License-Identifier: Apache-2.0
// The manifest beside the library, with a sentence for each mistake in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace farmhand::check {

struct Manifest {
  std::string id, vendor, version, library, sha256;
  int64_t abi_major = -1;
  int64_t abi_minor = -1;
  uint64_t flags = 0;
  std::vector<std::string> interfaces;
  std::vector<std::string> settings;  // keys
  std::vector<std::string> problems;
};

Manifest read_manifest(const std::string& path);

}  // namespace farmhand::check
