// SPDX-License-Identifier: Apache-2.0
// farmhand devices [KEY]: what is there; with a key, everything about it.
#include <memory>

#include "cli/agent_client.hh"
#include "cli/command.hh"
#include "cli/draw.hh"
#include "cli/health.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

std::string drawn_list(const Document& document, const Terminal& terminal) {
  Table table({{.title = "DEVICE"},
               {.title = "VENDOR", .spare = 3},
               {.title = "MODEL", .spare = 1},
               {.title = "STATE"},
               {.title = "VERDICT", .spare = 1},
               {.title = "HOLD", .spare = 2},
               {.title = "TEMP", .align = kRight},
               {.title = "POWER", .align = kRight},
               {.title = "UTIL", .align = kRight},
               {.title = "MEM USED", .align = kRight, .spare = 2},
               {.title = "MEMORY", .align = kRight, .spare = 4},
               {.title = "PCI", .spare = 6},
               {.title = "PARTITION", .spare = 7},
               {.title = "PLUGIN", .spare = 8},
               {.title = "REASON", .spare = 1, .flexible = true}});
  for (const Document& device : member(document, "devices")) {
    const Document& readings = member(device, "readings");
    const std::string reason = text(device, "reason");
    table.add(
        {text_or_dash(device, "key"), text_or_dash(device, "vendor"), text_or_dash(device, "model"),
         state_cell(device), verdict_cell(device), hold_cell(member(device, "hold")),
         reading_cell(member(readings, "temperature")), reading_cell(member(readings, "power")),
         reading_cell(member(readings, "utilization")),
         reading_cell(member(readings, "memory_used")), bytes(number(device, "memory_bytes")),
         text_or_dash(device, "pci"), text_or_dash(device, "partition"),
         text_or_dash(device, "plugin"), reason.empty() ? text_or_dash(device, "note") : reason});
  }
  if (table.empty()) return "no devices; 'farmhand plugins' says which plugins run\n";
  return table.drawn(terminal);
}

std::string moment_of(const Document& device, std::string_view name) {
  return moment(member(device, name), "time");
}

std::string peaks_of(const Document& device, const Terminal& terminal) {
  Table table({{.title = "PEAK"},
               {.title = "TERA OPS/S", .align = kRight},
               {.title = "SOURCE", .flexible = true}});
  for (const Document& peak : member(device, "peaks")) {
    table.add({text_or_dash(peak, "dtype"), fixed(number(peak, "tera_ops"), 1),
               text_or_dash(peak, "source")});
  }
  return table.empty() ? "" : "\n" + table.drawn(terminal);
}

std::string drawn_one(const Document& document, const Terminal& terminal) {
  std::string out;
  for (const Document& device : member(document, "devices")) {
    const auto line = [&](std::string name, const Cell& cell) {
      if (cell.text.empty() || cell.text == kDash) return;
      name.resize(13, ' ');
      out += terminal.painted(name, Tone::kDim) + terminal.painted(cell.text, cell.tone) + "\n";
    };
    line("device", {text(device, "key"), Tone::kBold});
    line("state", state_cell(device));
    line("since", moment_of(device, "since"));
    line("reason", text(device, "reason"));
    line("verdict", verdict_cell(device));
    line("", text(device, "verdict_sentence"));
    line("hold", hold_sentence(member(device, "hold")));
    line("note", text(device, "note"));
    for (const char* name : {"kind", "vendor", "model", "serial", "uuid", "pci", "firmware",
                             "driver", "plugin", "partition"}) {
      line(name, text(device, name));
    }
    line("memory", bytes(number(device, "memory_bytes")));
    line("numa node", fixed(number(device, "numa_node"), 0));
    line("last seen", moment_of(device, "last_seen"));
    const Document& readings = member(device, "readings");
    for (const auto& [name, reading] : readings.items()) line(name, reading_cell(reading));
    out += peaks_of(device, terminal);
  }
  return out;
}

Result<void> run(const Context& context, const std::string& key) {
  Request request{.verb = "devices", .arguments = {}};
  if (!key.empty()) request.arguments.emplace_back("device", key);
  const auto document = ask_agent(context, request);
  if (!document) return document.error();
  show(context, *document, key.empty() ? drawn_list : drawn_one);
  return {};
}

}  // namespace

void declare_devices(CLI::App& parent, Context& context) {
  auto key = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand("devices", "The devices of this node and their state");
  command->add_option("key", *key, "Everything about this one device")->type_name("KEY");
  command->callback(
      [&context, key] { context.chosen = [&context, key] { return run(context, *key); }; });
}

}  // namespace farmhand::cli
