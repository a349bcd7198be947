// SPDX-License-Identifier: Apache-2.0
// farmhand metrics [--device KEY] [NAME…]: the latest values; with --history the last hour.
#include <algorithm>
#include <memory>

#include "cli/agent_client.hh"
#include "cli/command.hh"
#include "cli/draw.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

struct Options {
  std::string device;
  std::vector<std::string> names;
  bool history = false;
};

std::string full_name(const Document& metric) {
  const std::string label = text(metric, "label");
  if (label.empty()) return text(metric, "name");
  return text(metric, "name") + "{" + label + "=" + text(metric, "label_value") + "}";
}

std::string drawn_latest(const Document& document, const Terminal& terminal) {
  Table table({{.title = "DEVICE", .spare = 1},
               {.title = "METRIC", .flexible = true},
               {.title = "VALUE", .align = kRight},
               {.title = "RATE", .align = kRight, .spare = 2},
               {.title = "STATUS"},
               {.title = "AGE", .align = kRight, .spare = 3}});
  for (const Document& metric : member(document, "metrics")) {
    const Document& reading = member(metric, "reading");
    const auto rate = number(metric, "rate_per_second");
    table.add({text_or_dash(metric, "device"), full_name(metric), reading_cell(reading),
               rate ? measured_rate(rate, text(reading, "unit")) : kDash, state_cell(reading),
               duration(number(metric, "age_s"))});
  }
  if (table.empty()) return "no metrics; 'farmhand devices' says which devices are read\n";
  return table.drawn(terminal);
}

std::vector<std::optional<double>> column(const Document& history, std::string_view name) {
  std::vector<std::optional<double>> values;
  for (const Document& value : member(history, name)) {
    values.push_back(value.is_number() ? std::optional(value.get<double>()) : std::nullopt);
  }
  return values;
}

struct Summary {
  std::optional<double> min, mean, max;
};

Summary summary_of(const Document& history) {
  Summary summary;
  for (const auto& value : column(history, "min")) {
    if (value) summary.min = std::min(summary.min.value_or(*value), *value);
  }
  for (const auto& value : column(history, "max")) {
    if (value) summary.max = std::max(summary.max.value_or(*value), *value);
  }
  double sum = 0;
  size_t n = 0;
  for (const auto& value : column(history, "mean")) {
    if (!value) continue;
    sum += *value;
    ++n;
  }
  if (n > 0) summary.mean = sum / static_cast<double>(n);
  return summary;
}

constexpr size_t kLineColumns = 30;  // two minutes a bar
constexpr size_t kWideLineColumns = 60;

std::string drawn_history(const Document& document, const Terminal& terminal) {
  const bool wide = !terminal.columns || *terminal.columns >= 120;
  Table table({{.title = "DEVICE", .spare = 2},
               {.title = "METRIC"},
               {.title = "MIN", .align = kRight},
               {.title = "MEAN", .align = kRight, .spare = 1},
               {.title = "MAX", .align = kRight},
               {.title = "LAST HOUR"}});
  for (const Document& metric : member(document, "metrics")) {
    const Document& history = member(metric, "history");
    const std::string unit = text(member(metric, "reading"), "unit");
    const auto shown = truth(history, "is_rate") ? measured_rate : measured;
    const Summary summary = summary_of(history);
    table.add({text_or_dash(metric, "device"), full_name(metric), shown(summary.min, unit),
               shown(summary.mean, unit), shown(summary.max, unit),
               sparkline(column(history, "mean"), wide ? kWideLineColumns : kLineColumns)});
  }
  return table.drawn(terminal);
}

Result<void> run(const Context& context, const Options& options) {
  Request request{.verb = "metrics", .arguments = {}};
  if (!options.device.empty()) request.arguments.emplace_back("device", options.device);
  for (const std::string& name : options.names) request.arguments.emplace_back("name", name);
  if (options.history) request.arguments.emplace_back("history", "1h");
  const auto document = ask_agent(context, request);
  if (!document) return document.error();
  show(context, *document, options.history ? drawn_history : drawn_latest);
  return {};
}

}  // namespace

void declare_metrics(CLI::App& parent, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = parent.add_subcommand("metrics", "What the devices of this node measure");
  command->add_option("name", options->names, "Only these; 'link.*' stands for all of link")
      ->type_name("NAME");
  command->add_option("--device", options->device, "Only of this device")->type_name("KEY");
  command->add_flag("--history", options->history, "The last hour instead of the latest value");
  command->callback([&context, options] {
    context.chosen = [&context, options] { return run(context, *options); };
  });
}

}  // namespace farmhand::cli
