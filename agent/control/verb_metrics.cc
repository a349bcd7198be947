// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "control/verbs.hh"

namespace farmhand {

namespace {

struct Wanted {
  std::optional<std::string> device;
  std::vector<std::string> names;  // `power`, or a prefix `link.*`; none: all
  bool history = false;
};

bool matches(const Wanted& wanted, std::string_view name) {
  if (wanted.names.empty()) return true;
  return std::ranges::any_of(wanted.names, [name](std::string_view pattern) {
    if (!pattern.ends_with(".*")) return name == pattern;
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  });
}

// A minute a column: six of the ring's periods. An hour of every series then stays a document that
// is written in a few milliseconds.
constexpr size_t kMinutes = 60;
constexpr uint64_t kMinuteNs = 60'000'000'000;

struct Column {
  double min = 0, sum = 0, max = 0;
  uint32_t count = 0;
};

void write_column(Json& json, std::string_view name, const std::vector<Column>& columns,
                  double (*value)(const Column&)) {
  json.key(name).array();
  for (const Column& column : columns) {
    column.count == 0 ? json.null() : json.value(value(column));
  }
  json.end();
}

void write_history(Json& json, const Clock& clock, const History& history) {
  const uint64_t now_ns = clock.boottime_ns();
  std::vector<Column> columns(kMinutes);
  for (const Ring::Period& period : history.periods) {
    const uint64_t minutes_ago = (now_ns - std::min(now_ns, period.boottime_ns)) / kMinuteNs;
    if (minutes_ago >= kMinutes) continue;
    Column& column = columns[kMinutes - 1 - minutes_ago];
    column.min = column.count == 0 ? period.min : std::min(column.min, period.min);
    column.max = column.count == 0 ? period.max : std::max(column.max, period.max);
    column.sum += period.mean;
    ++column.count;
  }
  json.key("history").object();
  write_moment(json, "until", clock, now_ns);
  json.member("step_s", 60).member("is_rate", history.is_rate);
  write_column(json, "min", columns, [](const Column& c) { return c.min; });
  write_column(json, "mean", columns, [](const Column& c) { return c.sum / c.count; });
  write_column(json, "max", columns, [](const Column& c) { return c.max; });
  json.end();
}

void write_metric(Json& json, const StatusView& view, const DeviceSeries& series, size_t index,
                  bool history) {
  const MetricInfo& metric = series.metric(index);
  const uint64_t now_ns = view.clock.boottime_ns();
  const Reading reading = series.reading(index, now_ns);
  json.object().member("device", series.device()).member("name", metric.name);
  write_text(json, "label", metric.label);
  write_text(json, "label_value", metric.label_value);
  json.member("kind", metric.kind == MetricKind::kCounter ? "counter" : "gauge");
  write_text(json, "help", metric.help);
  write_reading(json, "reading", view.clock, metric, reading);
  json.key("age_s");
  reading.boottime_ns == 0 ? json.null()
                           : json.value(seconds_from_ns(now_ns - reading.boottime_ns));
  json.key("rate_per_second");
  reading.rate ? json.value(*reading.rate) : json.null();
  if (history) write_history(json, view.clock, series.history(index, now_ns));
  json.end();
}

size_t write_all(Json& json, const StatusView& view, const Wanted& wanted) {
  size_t written = 0;
  view.telemetry.visit([&](const DeviceSeries& series) {
    if (wanted.device && series.device() != *wanted.device) return;
    for (size_t i = 0; i < series.size(); ++i) {
      if (!matches(wanted, series.metric(i).name)) continue;
      write_metric(json, view, series, i, wanted.history);
      ++written;
    }
  });
  return written;
}

}  // namespace

void verb_metrics(const StatusView& view, const Request& request, const Reply& reply) {
  const Wanted wanted{.device = request.find("device"),
                      .names = request.find_all("name"),
                      .history = request.find("history").has_value()};
  if (wanted.device && view.inventory.find(*wanted.device) == nullptr) {
    return reply(Error{Errc::kNotFound, "there is no device '" + *wanted.device +
                                            "'; 'farmhand devices' lists those there are"});
  }
  Json json;
  json.object();
  write_moment(json, "now", view.clock, view.clock.boottime_ns());
  json.key("metrics").array();
  const size_t written = write_all(json, view, wanted);
  json.end().end();
  if (written == 0 && !wanted.names.empty()) {
    return reply(Error{Errc::kNotFound, "there is no metric '" + wanted.names.front() +
                                            "' here; 'farmhand metrics' lists those there are"});
  }
  reply(json.take());
}

}  // namespace farmhand
