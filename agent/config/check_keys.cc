// SPDX-License-Identifier: Apache-2.0
#include "config/check_keys.hh"

#include <farmhand/metrics.h>
#include <farmhand/reasons.h>

#include <array>
#include <limits>

namespace farmhand {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using toml::Type;
using toml::Value;

constexpr milliseconds kIntervalMin = 1s;  // a process a second is what a node can bear
constexpr milliseconds kDay = 24h;

// By the ABI's numbers.
constexpr std::array<std::string_view, 13> kUnits = {"",   "°C", "W", "J",   "B",   "%",   "MHz",
                                                     "ns", "V",  "A", "rpm", "B/s", "op/s"};

template <typename T>
ValueType<std::optional<T>> maybe(ValueType<T> type) {
  return {type.word,
          [read = type.read](const Value& value, const std::string& name, std::optional<T>& out,
                             Problems& problems) {
            T given{};
            const size_t before = problems.each().size();
            read(value, name, given, problems);
            if (problems.each().size() == before) out = given;
          },
          [](const std::optional<T>&) { return std::string(); }};
}

ValueType<std::string> text_type() {
  return {"text",
          [](const Value& value, const std::string& name, std::string& out, Problems& problems) {
            if (value.type != Type::kText || value.text.empty()) {
              return problems.add(value.line, "'" + name + "' must be text in quotes");
            }
            out = value.text;
          },
          [](const std::string& text) { return text; }};
}

bool is_check_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() >= 'a' && text.front() <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == text.npos;
}

ValueType<std::string> check_name_type() {
  return {"name",
          [](const Value& value, const std::string& name, std::string& out, Problems& problems) {
            if (value.type != Type::kText || !is_check_name(value.text)) {
              return problems.add(value.line,
                                  "'" + name +
                                      "' must begin with a lower case letter and hold up to 64 "
                                      "lower case letters, digits, '.', '_' and '-'");
            }
            out = value.text;
          },
          [](const std::string& text) { return text; }};
}

ValueType<std::string> reason_type() {
  return {"reason code",
          [](const Value& value, const std::string& name, std::string& out, Problems& problems) {
            static const std::vector<std::string_view> kCodes = {
#define FH_ONE_CODE(symbol, code, meaning, action) code,
                FH_REASONS(FH_ONE_CODE)
#undef FH_ONE_CODE
            };
            const bool known = value.text.starts_with("vendor.") ||
                               std::find(kCodes.begin(), kCodes.end(), value.text) != kCodes.end();
            if (value.type != Type::kText || !known) {
              return problems.add(value.line, "'" + name +
                                                  "' must be a code of farmhand-reasons(7) or "
                                                  "'vendor.<vendor>.<code>'" +
                                                  did_you_mean(value.text, kCodes));
            }
            out = value.text;
          },
          [](const std::string& text) { return text; }};
}

ValueType<std::string> unit_type() {
  return {"unit",
          [](const Value& value, const std::string& name, std::string& out, Problems& problems) {
            const bool known = value.type == Type::kText && !value.text.empty() &&
                               std::find(kUnits.begin(), kUnits.end(), value.text) != kUnits.end();
            if (!known) {
              return problems.add(value.line, "'" + name +
                                                  "' must be one of °C W J B % MHz ns V A rpm "
                                                  "B/s op/s; leave it out for a plain number");
            }
            out = value.text;
          },
          [](const std::string& text) { return text; }};
}

ValueType<Texts> argv_type() {
  return {"array of texts",
          [](const Value& value, const std::string& name, Texts& out, Problems& problems) {
            bool good = value.type == Type::kArray && !value.items.empty();
            for (const Value& item : value.items) good = good && item.type == Type::kText;
            if (!good) {
              return problems.add(value.line, "'" + name +
                                                  "' must be an array of texts: the program and "
                                                  "its arguments, without a shell");
            }
            if (!value.items.front().text.starts_with('/')) {
              return problems.add(value.line, "'" + name +
                                                  "' must begin with an absolute path, not " +
                                                  toml::quoted(value.items.front().text));
            }
            for (const Value& item : value.items) out.push_back(item.text);
          },
          [](const Texts&) { return std::string(); }};
}

ValueType<Settings> env_type() {
  return {"table",
          [](const Value& value, const std::string& name, Settings& out, Problems& problems) {
            bool good = value.type == Type::kTable;
            for (const Value& item : value.items) good = good && item.type == Type::kText;
            if (!good) {
              return problems.add(value.line,
                                  "'" + name + "' must be written as { NAME = \"value\" }");
            }
            for (const Value& item : value.items) out.emplace_back(item.key, item.text);
          },
          [](const Settings&) { return std::string(); }};
}

template <typename Definition>
void add_common(Keys<Definition>& keys, const std::string& section) {
  const auto add = [&](const char* name, auto type, auto field) {
    keys.push_back(key<Definition>(section + '.' + name, type, field, Effect::kReload, ""));
  };
  add(
      "name", check_name_type(), [](auto& d) -> auto& { return d.name; });
  add(
      "vendor", text_type(), [](auto& d) -> auto& { return d.filter.vendor; });
  add(
      "model", text_type(), [](auto& d) -> auto& { return d.filter.model; });
  add(
      "device", text_type(), [](auto& d) -> auto& { return d.filter.device; });
  add(
      "reason", reason_type(), [](auto& d) -> auto& { return d.reason; });
  add(
      "action", text_type(), [](auto& d) -> auto& { return d.action; });
}

std::string symbol_in_catalogue(std::string_view metric) {
#define FH_ONE_METRIC(name, kind, unit, help) \
  if (metric == name) return std::string(kUnits[unit]);
  FH_METRICS(FH_ONE_METRIC)
#undef FH_ONE_METRIC
  return "?";
}

int line_of(const Value& table, std::string_view member) {
  const Value* const value = table.find(member);
  return value == nullptr ? table.line : value->line;
}

void need(const Value& table, std::string_view member, std::string_view what, Problems& problems) {
  if (table.find(member) != nullptr) return;
  problems.add(table.line,
               "the key '" + std::string(member) + "' is missing: " + std::string(what));
}

// Whatever is worse has to lie further out.
void check_order(const Value& table, const char* warn, const char* fail, bool wrong,
                 Problems& problems) {
  if (!wrong) return;
  problems.add(line_of(table, warn), std::string("'") + warn + "' lies beyond '" + fail +
                                         "': a fail would come before its warning; swap them");
}

bool has_condition(const RuleDefinition& rule) {
  return rule.warn_above || rule.fail_above || rule.warn_below || rule.fail_below ||
         rule.warn_rate || rule.fail_rate || rule.stuck_for;
}

void check_thresholds(const Value& table, const RuleDefinition& rule, Problems& problems) {
  const auto both = [](const auto& a, const auto& b) { return a && b; };
  check_order(table, "warn_above", "fail_above",
              both(rule.warn_above, rule.fail_above) && *rule.warn_above > *rule.fail_above,
              problems);
  check_order(table, "warn_below", "fail_below",
              both(rule.warn_below, rule.fail_below) && *rule.warn_below < *rule.fail_below,
              problems);
  check_order(table, "warn_rate", "fail_rate",
              both(rule.warn_rate, rule.fail_rate) && *rule.warn_rate > *rule.fail_rate, problems);
  const double top =
      rule.warn_above.value_or(rule.fail_above.value_or(std::numeric_limits<double>::infinity()));
  const double bottom =
      rule.warn_below.value_or(rule.fail_below.value_or(-std::numeric_limits<double>::infinity()));
  if (top - rule.clear <= bottom + rule.clear) {
    problems.add(table.line,
                 "between what is too low and what is too high no value is left that is ok; "
                 "check the thresholds and 'clear'");
  }
}

}  // namespace

const Keys<CommandDefinition>& command_keys() {
  static const Keys<CommandDefinition> kKeys = [] {
    Keys<CommandDefinition> keys;
    const auto add = [&](const char* name, auto type, auto field) {
      keys.push_back(
          key<CommandDefinition>(std::string("command.") + name, type, field, Effect::kReload, ""));
    };
    add_common(keys, "command");
    add(
        "argv", argv_type(), [](auto& d) -> auto& { return d.argv; });
    add(
        "interval", duration_type(kIntervalMin, kDay), [](auto& d) -> auto& { return d.interval; });
    add(
        "timeout", duration_type(100ms, 1h), [](auto& d) -> auto& { return d.timeout; });
    add(
        "user", text_type(), [](auto& d) -> auto& { return d.user; });
    add(
        "output_max", size_type(256), [](auto& d) -> auto& { return d.output_max; });
    add(
        "env", env_type(), [](auto& d) -> auto& { return d.env; });
    return keys;
  }();
  return kKeys;
}

const Keys<RuleDefinition>& rule_keys() {
  static const Keys<RuleDefinition> kKeys = [] {
    Keys<RuleDefinition> keys;
    const auto add = [&](const char* name, auto type, auto field) {
      keys.push_back(
          key<RuleDefinition>(std::string("rule.") + name, type, field, Effect::kReload, ""));
    };
    constexpr double kMost = std::numeric_limits<double>::max();
    const auto number = maybe(number_type(-kMost, kMost));
    add_common(keys, "rule");
    add(
        "metric", text_type(), [](auto& d) -> auto& { return d.metric; });
    add(
        "unit", unit_type(), [](auto& d) -> auto& { return d.unit; });
    add(
        "warn_above", number, [](auto& d) -> auto& { return d.warn_above; });
    add(
        "fail_above", number, [](auto& d) -> auto& { return d.fail_above; });
    add(
        "warn_below", number, [](auto& d) -> auto& { return d.warn_below; });
    add(
        "fail_below", number, [](auto& d) -> auto& { return d.fail_below; });
    add(
        "warn_rate", number, [](auto& d) -> auto& { return d.warn_rate; });
    add(
        "fail_rate", number, [](auto& d) -> auto& { return d.fail_rate; });
    add(
        "over", duration_type(1s, kDay), [](auto& d) -> auto& { return d.over; });
    add(
        "stuck_for", maybe(duration_type(1s, kDay)), [](auto& d) -> auto& { return d.stuck_for; });
    add(
        "while_metric", text_type(), [](auto& d) -> auto& { return d.while_metric; });
    add(
        "while_above", number_type(-kMost, kMost), [](auto& d) -> auto& { return d.while_above; });
    add(
        "for", duration_type(0ms, kDay, true), [](auto& d) -> auto& { return d.hold; });
    add(
        "clear", number_type(0, kMost), [](auto& d) -> auto& { return d.clear; });
    return keys;
  }();
  return kKeys;
}

void check_definition(const Value& table, const CommandDefinition& command, Problems& problems) {
  need(table, "name", "what people call this check", problems);
  need(table, "argv", "the program and its arguments", problems);
  if (command.timeout > command.interval) {
    problems.add(line_of(table, "timeout"), "'timeout' (" + text_of(command.timeout) +
                                                ") is longer than 'interval' (" +
                                                text_of(command.interval) + "); make it shorter");
  }
  if (command.output_max > (uint64_t{1} << 20)) {
    problems.add(line_of(table, "output_max"), "'output_max' must be at most 1MiB");
  }
}

void check_definition(const Value& table, const RuleDefinition& rule, Problems& problems) {
  need(table, "name", "what people call this check", problems);
  need(table, "metric", "the quantity it watches; `farmhand metrics` lists them", problems);
  need(table, "reason", "a code of farmhand-reasons(7), such as \"temperature.high\"", problems);
  if (!has_condition(rule)) {
    problems.add(table.line,
                 "the rule has no condition; give one of warn_above, fail_above, warn_below, "
                 "fail_below, warn_rate, fail_rate, stuck_for");
  }
  if (!rule.while_metric.empty() && !rule.stuck_for) {
    problems.add(line_of(table, "while_metric"), "'while_metric' belongs to 'stuck_for'");
  }
  const std::string symbol = symbol_in_catalogue(rule.metric);
  if (!rule.unit.empty() && symbol != "?" && symbol != rule.unit) {
    problems.add(line_of(table, "unit"), "'" + rule.metric + "' is " +
                                             (symbol.empty() ? "a plain number" : "in " + symbol) +
                                             ", not in " + rule.unit);
  }
  check_thresholds(table, rule, problems);
}

}  // namespace farmhand
