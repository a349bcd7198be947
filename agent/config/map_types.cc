// SPDX-License-Identifier: Apache-2.0
// The types whose value is a table with free keys.
#include <algorithm>

#include "config/types.hh"

namespace farmhand {

namespace {

using toml::Type;
using toml::Value;

// The later word wins, the earlier one's place stays.
void put(std::vector<MetricInterval>& out, const std::string& pattern,
         std::chrono::milliseconds interval) {
  for (MetricInterval& known : out) {
    if (known.pattern == pattern) {
      known.interval = interval;
      return;
    }
  }
  out.push_back({pattern, interval});
}

void put(Settings& out, const std::string& key, std::string text) {
  for (auto& [known, value] : out) {
    if (known == key) {
      value = std::move(text);
      return;
    }
  }
  out.emplace_back(key, std::move(text));
}

// Dotted lower case, with `*` as the whole last part or alone.
bool is_metric_pattern(std::string_view text) {
  if (text == "*") return true;
  if (text.ends_with(".*")) text.remove_suffix(2);
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

void read_metric_interval(const Value& member, const std::string& name,
                          std::vector<MetricInterval>& out, Problems& problems) {
  if (!is_metric_pattern(member.key)) {
    return problems.add(member.line, "'" + name + "': '" + member.key +
                                         "' is not a metric name such as \"power\" nor a prefix "
                                         "such as \"link.*\"");
  }
  const auto read = duration_type(std::chrono::milliseconds(10), std::chrono::hours(24)).read;
  std::chrono::milliseconds interval{0};
  read(member, name + '.' + toml::quoted(member.key), interval, problems);
  if (interval.count() != 0) put(out, member.key, interval);
}

bool is_scalar(const Value& value) {
  return value.type == Type::kText || value.type == Type::kInteger || value.type == Type::kReal ||
         value.type == Type::kBoolean;
}

void read_setting(const Value& member, const std::string& name, Settings& out, Problems& problems) {
  const std::string whole = name + '.' + member.key;
  if (names_a_secret(member.key)) {
    return problems.add(member.line, "'" + whole +
                                         "': secrets do not belong in this file; let the plugin "
                                         "read a file and give its path as '" +
                                         member.key + "_file'");
  }
  if (is_scalar(member)) return put(out, member.key, member.text);
  std::string joined;
  bool good = member.type == Type::kArray;
  for (const Value& item : member.items) {
    good = good && is_scalar(item) && item.text.find(',') == item.text.npos;
    joined += (joined.empty() ? "" : ",") + item.text;
  }
  if (!good) {
    return problems.add(member.line, "'" + whole +
                                         "' must be text, a number, true or false, or an array of "
                                         "these without commas in them");
  }
  put(out, member.key, std::move(joined));
}

}  // namespace

ValueType<std::vector<MetricInterval>> metric_intervals_type() {
  return {"table of durations",
          [](const Value& value, const std::string& name, std::vector<MetricInterval>& out,
             Problems& problems) {
            if (value.type != Type::kTable) {
              return problems.add(value.line,
                                  "'" + name + "' must be a table such as { power = \"100ms\" }");
            }
            for (const Value& member : value.items) {
              read_metric_interval(member, name, out, problems);
            }
          },
          [](const std::vector<MetricInterval>& intervals) {
            std::string out;
            for (const MetricInterval& one : intervals) {
              out += (out.empty() ? "{ " : ", ") + toml::quoted(one.pattern) + " = " +
                     toml::quoted(text_of(one.interval));
            }
            return out.empty() ? "{}" : out + " }";
          }};
}

ValueType<Settings> settings_type() {
  return {"table of the plugin's own settings",
          [](const Value& value, const std::string& name, Settings& out, Problems& problems) {
            if (value.type != Type::kTable) {
              return problems.add(value.line, "'" + name + "' must be a table: write [" + name +
                                                  "] and a line for each setting");
            }
            for (const Value& member : value.items) read_setting(member, name, out, problems);
          },
          [](const Settings& settings) {
            std::string out;
            for (const auto& [key, text] : settings) {
              out += (out.empty() ? "{ " : ", ") + toml::quoted(key) + " = " + toml::quoted(text);
            }
            return out.empty() ? "{}" : out + " }";
          }};
}

}  // namespace farmhand
