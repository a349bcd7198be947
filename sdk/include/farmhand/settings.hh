// SPDX-License-Identifier: Apache-2.0
// The operator's settings of the plugin, read with sentences for what is wrong in them.
#pragma once

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "farmhand/failure.hh"

namespace farmhand {

// A copy of fh_config: it may be kept after `create`.
class Settings {
 public:
  explicit Settings(const fh_config* given) {
    const fh_config config = taken(given);
    for (uint32_t i = 0; config.settings != nullptr && i < config.setting_count; ++i) {
      values_.emplace_back(view(config.settings[i].key), view(config.settings[i].value));
    }
    for (uint32_t i = 0; config.excluded_keys != nullptr && i < config.excluded_count; ++i) {
      excluded_.emplace_back(view(config.excluded_keys[i]));
    }
  }

  // True for a device that must not be touched nor listed.
  bool excluded(std::string_view key) const {
    for (const std::string& each : excluded_) {
      if (each == key) return true;
    }
    return false;
  }

  // For a vendor's library that touches all devices or none.
  bool excludes_any() const { return !excluded_.empty(); }

  bool has(std::string_view key) const { return find(key) != nullptr; }

  std::string text(std::string_view key, std::string_view otherwise = {}) const {
    const std::string* value = find(key);
    return value != nullptr ? *value : std::string(otherwise);
  }

  int64_t number(std::string_view key, int64_t otherwise, int64_t least, int64_t most) const {
    const std::string* value = find(key);
    if (value == nullptr) return otherwise;
    int64_t number = 0;
    const char* end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc() || stop != end || number < least || number > most) {
      fail(FH_E_INVALID, "setting '%s' is '%s': write a whole number from %lld to %lld",
           std::string(key).c_str(), value->c_str(), static_cast<long long>(least),
           static_cast<long long>(most));
    }
    return number;
  }

  // One of the words, the first being the default.
  std::string choice(std::string_view key, std::initializer_list<std::string_view> words) const {
    const std::string* value = find(key);
    if (value == nullptr) return std::string(*words.begin());
    std::string known;
    for (const std::string_view word : words) {
      if (*value == word) return *value;
      known.append(known.empty() ? "" : ", ").append(word);
    }
    fail(FH_E_INVALID, "setting '%s' is '%s': write one of %s", std::string(key).c_str(),
         value->c_str(), known.c_str());
  }

  // An array of the configuration, which arrives joined by commas.
  std::vector<std::string> list(std::string_view key, std::string_view otherwise = {}) const {
    std::vector<std::string> parts;
    const std::string whole = text(key, otherwise);
    for (size_t from = 0; from < whole.size();) {
      const size_t comma = std::min(whole.find(',', from), whole.size());
      const size_t first = whole.find_first_not_of(' ', from);
      const size_t last = comma == 0 ? std::string::npos : whole.find_last_not_of(' ', comma - 1);
      if (first < comma && last != std::string::npos) {
        parts.push_back(whole.substr(first, last - first + 1));
      }
      from = comma + 1;
    }
    return parts;
  }

  // A misspelt key must not be ignored in silence.
  void refuse_unknown(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : values_) {
      bool found = false;
      for (const std::string_view each : known) found = found || each == key;
      if (!found) fail(FH_E_INVALID, "unknown setting '%s'", key.c_str());
    }
  }

 private:
  const std::string* find(std::string_view key) const {
    for (const auto& [name, value] : values_) {
      if (name == key) return &value;
    }
    return nullptr;
  }

  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<std::string> excluded_;
};

}  // namespace farmhand
