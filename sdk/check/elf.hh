// SPDX-License-Identifier: Apache-2.0
// What a shared library's file says of itself: exports, needs, protections.
#pragma once

#include <string>
#include <vector>

namespace farmhand::check {

struct Export {
  std::string name;
  bool is_object;
  bool is_read_only;  // lies in memory that is not writable once the library is loaded
};

struct ElfFile {
  std::string error;  // why it could not be read; empty: it was
  std::vector<Export> exports;
  std::vector<std::string> needed;
  std::vector<std::string> run_paths;
  bool text_relocations = false;
  bool executable_stack = false;
};

ElfFile read_elf(const std::string& path);

}  // namespace farmhand::check
