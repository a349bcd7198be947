// SPDX-License-Identifier: Apache-2.0
// Reading what a plugin emits: its header may be older or newer than ours, its texts may be
// anything.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "farmhand/abi.h"

namespace farmhand::host {

constexpr size_t kKeyBytesMax = 128;

inline std::string_view view_of(const fh_str& text) {
  return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

inline bool contains(std::span<const uint32_t> values, uint32_t value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

inline bool contains(std::span<const std::string> texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// The plugin's header may be older (shorter: the rest is zero) or newer (longer: cut).
template <typename T>
T copy_of(const fh_record* record) {
  T copy{};
  std::memcpy(&copy, record, std::min<size_t>(record->struct_size, sizeof copy));
  return copy;
}

// Dotted lower case, as the names of metrics, checks and evidence are: they become names
// everywhere.
inline bool is_dotted_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
  };
  return !name.empty() && name.size() <= kKeyBytesMax && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), fits);
}

}  // namespace farmhand::host
