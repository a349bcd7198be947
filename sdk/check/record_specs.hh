// SPDX-License-Identifier: Apache-2.0
// The records of the ABI as a table: which call may emit them, how long they are, which texts they
// hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace farmhand::check {

struct TextSpec {
  const char* name;
  size_t offset;
  bool required;
};

struct RecordSpec {
  uint32_t kind;
  const char* name;
  size_t size;
  uint32_t ops;  // bits 1 << Op
  std::vector<TextSpec> texts;
};

// Null: unknown kind.
const RecordSpec* find_spec(uint32_t kind);

}  // namespace farmhand::check
