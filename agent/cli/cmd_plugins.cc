// SPDX-License-Identifier: Apache-2.0
// farmhand plugins: which vendor code runs, what it costs, what it was caught at.
#include "cli/agent_client.hh"
#include "cli/command.hh"
#include "cli/draw.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

std::string nanoseconds(const Document& object, std::string_view name) {
  const auto value = number(object, name);
  return value ? duration(*value / 1e9) : kDash;
}

std::string quarantine_of(const Document& document, const Terminal& terminal) {
  Table table({{.title = "KEPT AWAY"},
               {.title = "PLUGIN", .spare = 2},
               {.title = "FAILURES", .align = kRight, .spare = 1},
               {.title = "NEXT TRY"},
               {.title = "REASON", .flexible = true}});
  for (const Document& plugin : member(document, "plugins")) {
    for (const Document& device : member(plugin, "quarantined")) {
      table.add({{text_or_dash(device, "device"), Tone::kBad},
                 text_or_dash(plugin, "id"),
                 count(number(device, "failures")),
                 moment(member(device, "next_try"), "time"),
                 text_or_dash(device, "reason")});
    }
  }
  return table.empty() ? "" : "\n" + table.drawn(terminal);
}

std::string drawn(const Document& document, const Terminal& terminal) {
  Table table({{.title = "PLUGIN"},
               {.title = "VERSION", .spare = 3},
               {.title = "STATE"},
               {.title = "PID", .align = kRight, .spare = 4},
               {.title = "DEVICES", .align = kRight},
               {.title = "RESTARTS", .align = kRight},
               {.title = "OVERRUNS", .align = kRight, .spare = 5},
               {.title = "PARKED", .align = kRight, .spare = 6},
               {.title = "CPU", .align = kRight},
               {.title = "MEMORY", .align = kRight},
               {.title = "P50", .align = kRight, .spare = 7},
               {.title = "P99", .align = kRight, .spare = 2},
               {.title = "MAX", .align = kRight, .spare = 7},
               {.title = "REASON", .spare = 1, .flexible = true}});
  for (const Document& plugin : member(document, "plugins")) {
    const Document& latency = member(plugin, "latency");
    table.add({text_or_dash(plugin, "id"), text_or_dash(plugin, "version"), state_cell(plugin),
               fixed(number(plugin, "pid"), 0), count(number(plugin, "devices")),
               count(number(plugin, "restarts")), count(number(plugin, "overruns")),
               count(number(plugin, "parked_hosts")), duration(number(plugin, "cpu_s")),
               bytes(number(plugin, "rss_bytes")), nanoseconds(latency, "p50_ns"),
               nanoseconds(latency, "p99_ns"), nanoseconds(latency, "max_ns"),
               text_or_dash(plugin, "reason")});
  }
  if (table.empty()) return "no plugins; [paths] plugin_dirs says where they are looked for\n";
  return table.drawn(terminal) + quarantine_of(document, terminal);
}

Result<void> run(const Context& context) {
  const auto document = ask_agent(context, {.verb = "plugins", .arguments = {}});
  if (!document) return document.error();
  show(context, *document, drawn);
  return {};
}

}  // namespace

void declare_plugins(CLI::App& parent, Context& context) {
  parent.add_subcommand("plugins", "The plugins of this node: state, cost, devices kept away")
      ->callback([&context] { context.chosen = [&context] { return run(context); }; });
}

}  // namespace farmhand::cli
