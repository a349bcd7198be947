// SPDX-License-Identifier: Apache-2.0
#include "cli/draw.hh"
#include "cli/fleet.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

std::string joined(const Document& words) {
  std::string out;
  for (const Document& word : words) {
    if (word.is_string()) out.append(out.empty() ? "" : " ").append(word.get<std::string>());
  }
  return out.empty() ? kDash : out;
}

std::string drawn(const Document& document, const Terminal& terminal) {
  Table table({{.title = "NODE"},
               {.title = "STATE"},
               {.title = "CLOUD"},
               {.title = "VENDORS"},
               {.title = "LAST SEEN", .spare = 1},
               {.title = "AGENT", .spare = 3},
               {.title = "CPUS", .align = kRight, .spare = 5},
               {.title = "MEMORY", .align = kRight, .spare = 5},
               {.title = "SYSTEM", .spare = 6},
               {.title = "ID", .spare = 4}});
  for (const Document& node : member(document, "nodes")) {
    const bool live = truth(node, "live");
    table.add({node_of(node), live ? Cell("live", Tone::kGood) : Cell("away", Tone::kBad),
               text_or_dash(node, "cloud"), joined(member(node, "vendors")),
               moment(node, "last_seen"), text_or_dash(node, "agent_version"),
               count(number(node, "cpu_count")), bytes(number(node, "memory_bytes")),
               text_or_dash(node, "os"), text_or_dash(node, "node")});
  }
  if (table.empty()) return "no nodes; 'farmhand enroll' on a node makes it known\n";
  return table.drawn(terminal);
}

}  // namespace

void declare_fleet_nodes(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where) {
  fleet.add_subcommand("nodes", "The nodes and whether they are connected")
      ->callback([&context, where] {
        context.chosen = [&context, where] {
          return show_from(context, *where, "/v1/fleet/nodes", {}, drawn);
        };
      });
}

}  // namespace farmhand::cli
