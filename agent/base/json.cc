// SPDX-License-Identifier: Apache-2.0
#include "base/json.hh"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace farmhand {

namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) {
          out += c;
        } else {
          std::array<char, 8> escape{};
          std::snprintf(escape.data(), escape.size(), "\\u%04x", c);
          out += escape.data();
        }
    }
  }
  out += '"';
}

}  // namespace

void Json::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

Json& Json::open(char bracket) {
  separate();
  out_ += bracket;
  closers_ += bracket == '{' ? '}' : ']';
  comma_ = false;
  return *this;
}

Json& Json::end() {
  assert(!closers_.empty());
  out_ += closers_.back();
  closers_.pop_back();
  comma_ = true;
  return *this;
}

Json& Json::key(std::string_view name) {
  separate();
  append_quoted(out_, name);
  out_ += ':';
  comma_ = false;
  return *this;
}

Json& Json::value(std::string_view text) {
  separate();
  append_quoted(out_, text);
  return *this;
}

Json& Json::value(double number) {
  if (!std::isfinite(number)) return null();
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return raw({text.data(), static_cast<size_t>(end - text.data())});
}

Json& Json::value(bool truth) {
  return raw(truth ? "true" : "false");
}

Json& Json::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace farmhand
