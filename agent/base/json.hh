// SPDX-License-Identifier: Apache-2.0
// Writes JSON, forwards only. For what people and scripts read from the agent and the
// coordinator; nothing in the agent parses JSON.
//
//   Json json;
//   json.object().key("devices").array().value("npu0").end().end();
//   send(json.text());
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace farmhand {

class Json {
 public:
  Json& object() { return open('{'); }
  Json& array() { return open('['); }
  Json& end();  // closes the innermost object or array
  Json& key(std::string_view name);

  Json& value(std::string_view text);
  Json& value(const char* text) { return value(std::string_view(text)); }
  Json& value(double number);  // NaN and infinities become null: JSON has no word for them
  Json& value(bool truth);
  template <std::integral T>
  requires(!std::same_as<T, bool>) Json& value(T number) { return raw(std::to_string(number)); }
  Json& null() { return raw("null"); }
  Json& raw(std::string_view json);  // a value that is JSON already

  template <typename T>
  Json& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  Json& open(char bracket);
  void separate();

  std::string out_;
  std::string closers_;  // the brackets still open, innermost last
  bool comma_ = false;   // the next element is preceded by one
};

}  // namespace farmhand
