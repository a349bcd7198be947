// SPDX-License-Identifier: Apache-2.0
// The types a configuration key can have: how a value is read, what is said when it is wrong, and
// how it is written again. Internal to this folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hh"
#include "config/agent_config.hh"
#include "config/problems.hh"
#include "config/toml.hh"
#include "config/values.hh"

namespace farmhand {

template <typename T>
struct ValueType {
  std::string word;  // for the documentation: `duration`
  // Reads `value`, the value of the key `name`. On a problem `out` stays as it is.
  std::function<void(const toml::Value& value, const std::string& name, T& out, Problems&)> read;
  std::function<std::string(const T&)> write;  // as TOML; empty: there is nothing to write
};

using Texts = std::vector<std::string>;
using Settings = std::vector<std::pair<std::string, std::string>>;

ValueType<bool> boolean_type();
ValueType<std::string> name_type(std::string word, size_t length_max);  // no spaces
ValueType<std::string> path_type(std::string word);  // absolute; empty where it has no default
ValueType<std::string> uplink_url_type();            // wss only
ValueType<Texts> paths_type(std::string word);
ValueType<std::optional<Texts>> plugin_ids_type();
ValueType<std::optional<Texts>> expected_devices_type();  // `vendor/model:number`
ValueType<std::chrono::milliseconds> duration_type(std::chrono::milliseconds min,
                                                   std::chrono::milliseconds max,
                                                   bool zero_allowed = false);
ValueType<uint64_t> size_type(uint64_t min, bool zero_allowed = false);
ValueType<uint32_t> whole_number_type(std::string word, uint32_t min, uint32_t max);
ValueType<double> number_type(double min, double max);
ValueType<Address> address_type(bool off_allowed);
ValueType<log::Level> level_type();
ValueType<std::vector<MetricInterval>> metric_intervals_type();
ValueType<Settings> settings_type();

// `furiosa`: lower case letters, digits and '-', beginning with a letter.
bool is_plugin_id(std::string_view text);

}  // namespace farmhand
