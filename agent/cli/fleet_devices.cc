// SPDX-License-Identifier: Apache-2.0
#include "cli/draw.hh"
#include "cli/fleet.hh"
#include "cli/health.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

std::string drawn(const Document& document, const Terminal& terminal) {
  Table table({{.title = "NODE"},
               {.title = "DEVICE"},
               {.title = "PARTITION", .spare = 3},
               {.title = "VENDOR", .spare = 4},
               {.title = "MODEL", .spare = 2},
               {.title = "STATE"},
               {.title = "VERDICT", .spare = 1},
               {.title = "HOLD", .spare = 2},
               {.title = "MEMORY", .align = kRight, .spare = 5},
               {.title = "PCI", .spare = 6},
               {.title = "FIRMWARE", .spare = 7},
               {.title = "DRIVER", .spare = 8},
               {.title = "REASON", .spare = 1, .flexible = true}});
  for (const Document& device : member(document, "devices")) {
    const bool quarantined = truth(device, "quarantined");
    const std::string state = text_or_dash(device, "state");
    const std::string reason = text(device, "reason");
    table.add(
        {node_of(device), text_or_dash(device, "device"), text_or_dash(device, "partition"),
         text_or_dash(device, "vendor"), text_or_dash(device, "model"),
         quarantined ? Cell(state + " (quarantined)", Tone::kBad) : Cell(state, tone_of(state)),
         verdict_cell(device), hold_cell(member(device, "hold")),
         bytes(number(device, "memory_bytes")), text_or_dash(device, "pci"),
         text_or_dash(device, "firmware"), text_or_dash(device, "driver"),
         reason.empty() ? text_or_dash(device, "note") : reason});
  }
  if (table.empty()) return "no devices that this token may see\n";
  return table.drawn(terminal);
}

}  // namespace

void declare_fleet_devices(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where) {
  auto node = std::make_shared<std::string>();
  CLI::App* command = fleet.add_subcommand("devices", "The devices of all nodes");
  command->add_option("--node", *node, "Only of this node")->type_name("ID");
  command->callback([&context, where, node] {
    context.chosen = [&context, where, node] {
      return show_from(context, *where, "/v1/fleet/devices", {{"node", *node}}, drawn);
    };
  });
}

}  // namespace farmhand::cli
