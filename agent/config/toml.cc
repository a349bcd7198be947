// SPDX-License-Identifier: Apache-2.0
#include "config/toml.hh"

// toml++ 3.3 asserts in some places what a file can break (`a = 1979-05-27T x`) and reports it as
// an error right after. A mistake in a file must not end the process, so its assertions are off.
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace farmhand::toml {

namespace {

void place(Value& value, const ::toml::source_position& position) {
  value.line = static_cast<int>(position.line);
  value.column = static_cast<int>(position.column);
}

Value value_from(const ::toml::node& node);

void take_table(Value& out, const ::toml::table& table) {
  out.type = Type::kTable;
  out.items.reserve(table.size());
  for (const auto& [key, node] : table) {
    Value member = value_from(node);
    member.key = std::string(key.str());
    // A key's own line is the one to show: its value may begin further down.
    if (key.source().begin.line != 0) place(member, key.source().begin);
    out.items.push_back(std::move(member));
  }
  std::stable_sort(out.items.begin(), out.items.end(), [](const Value& a, const Value& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
}

std::string text_of_real(double real) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), real).ptr;
  return {buffer.data(), end};
}

void take_scalar(Value& out, const ::toml::node& node) {
  if (const auto* text = node.as_string()) {
    out.type = Type::kText;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.type = Type::kInteger;
    out.integer = integer->get();
    out.real = static_cast<double>(out.integer);
    out.text = std::to_string(out.integer);
  } else if (const auto* real = node.as_floating_point()) {
    out.type = Type::kReal;
    out.real = real->get();
    out.text = text_of_real(out.real);
  } else if (const auto* boolean = node.as_boolean()) {
    out.type = Type::kBoolean;
    out.boolean = boolean->get();
    out.text = out.boolean ? "true" : "false";
  } else {
    out.type = Type::kTime;
  }
}

Value value_from(const ::toml::node& node) {
  Value out;
  place(out, node.source().begin);
  if (const auto* table = node.as_table()) {
    take_table(out, *table);
  } else if (const auto* array = node.as_array()) {
    out.type = Type::kArray;
    for (const auto& item : *array) out.items.push_back(value_from(item));
  } else {
    take_scalar(out, node);
  }
  return out;
}

}  // namespace

std::string_view name_of(Type type) {
  switch (type) {
    case Type::kText:
      return "text";
    case Type::kInteger:
      return "a whole number";
    case Type::kReal:
      return "a number with a fraction";
    case Type::kBoolean:
      return "true or false";
    case Type::kArray:
      return "an array";
    case Type::kTable:
      return "a table";
    case Type::kTime:
      return "a date or time";
  }
  return "a value";
}

const Value* Value::find(std::string_view member) const {
  for (const Value& item : items) {
    if (item.key == member) return &item;
  }
  return nullptr;
}

Result<Value> parse(std::string_view text, const std::string& path) {
  const ::toml::parse_result parsed = ::toml::parse(text, path);
  if (!parsed) {
    const ::toml::parse_error& error = parsed.error();
    return Error{Errc::kInvalid, path + ':' + std::to_string(error.source().begin.line) +
                                     ": not valid TOML: " + std::string(error.description())};
  }
  return value_from(parsed.table());
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> escape;
      std::snprintf(escape.data(), escape.size(), "\\u%04X", byte);
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace farmhand::toml
