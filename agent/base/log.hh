// SPDX-License-Identifier: Apache-2.0
// Structured logs on stderr: one line, `level message key=value …`. Under systemd the line starts
// with the journal's <priority> and has no time of its own.
//
//   log::warn("plugin host died", {{"plugin", id}, {"signal", 9}});
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace farmhand::log {

enum class Level { kDebug, kInfo, kWarn, kError };

struct Field {
  std::string_view key;
  std::string value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  template <std::integral T>
  Field(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
};

using Fields = std::initializer_list<Field>;

// Lines below `level` are dropped. The default is kInfo.
void set_level(Level level);
Level level();

void write(Level level, std::string_view message, Fields fields = {});

inline void debug(std::string_view message, Fields fields = {}) {
  if (level() <= Level::kDebug) write(Level::kDebug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  write(Level::kInfo, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
  write(Level::kWarn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::kError, message, fields);
}

}  // namespace farmhand::log
