// SPDX-License-Identifier: Apache-2.0
// A TOML document as a plain tree with line numbers. Internal to this folder: everybody else sees
// structs. The foreign header is included by toml.cc alone, so that its weight is compiled once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace farmhand::toml {

enum class Type : uint8_t { kText, kInteger, kReal, kBoolean, kArray, kTable, kTime };
std::string_view name_of(Type type);  // `text`, `a whole number`, … for sentences

struct Value {
  Type type = Type::kTable;
  int line = 0;
  int column = 0;
  std::string key;   // its name, where it is a member of a table
  std::string text;  // kText; of scalars the value as one writes it
  int64_t integer = 0;
  double real = 0;  // kReal, and kInteger too
  bool boolean = false;
  std::vector<Value>
      items;  // of an array its elements, of a table its members in the order of the file

  const Value* find(std::string_view member) const;
};

// The root table. The error reads `path:line: what is wrong`.
Result<Value> parse(std::string_view text, const std::string& path);

// `text` between quotes, escaped: a TOML string.
std::string quoted(std::string_view text);

}  // namespace farmhand::toml
