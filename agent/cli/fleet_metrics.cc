// SPDX-License-Identifier: Apache-2.0
#include "cli/draw.hh"
#include "cli/fleet.hh"
#include "cli/table.hh"

namespace farmhand::cli {

namespace {

using enum Column::Align;

struct Options {
  std::string node;
  std::string device;
  std::vector<std::string> names;
};

bool wanted(const std::vector<std::string>& names, const std::string& name) {
  if (names.empty()) return true;
  for (const std::string& pattern : names) {
    const bool family = pattern.ends_with(".*");
    if (family ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern) {
      return true;
    }
  }
  return false;
}

// The coordinator answers with all of a device; the names are picked here, from the document too.
Document picked(Document document, const std::vector<std::string>& names) {
  if (names.empty() || !document.contains("devices")) return document;
  for (Document& device : document["devices"]) {
    Document kept = Document::array();
    for (const Document& metric : member(device, "metrics")) {
      if (wanted(names, text(metric, "name"))) kept.push_back(metric);
    }
    device["metrics"] = std::move(kept);
  }
  return document;
}

std::string drawn(const Document& document, const Terminal& terminal) {
  Table table({{.title = "NODE"},
               {.title = "DEVICE"},
               {.title = "PARTITION", .spare = 2},
               {.title = "METRIC", .flexible = true},
               {.title = "VALUE", .align = kRight},
               {.title = "STATUS"},
               {.title = "TIME", .spare = 1}});
  for (const Document& device : member(document, "devices")) {
    for (const Document& metric : member(device, "metrics")) {
      std::string name = text(metric, "name");
      if (const std::string label = text(metric, "label"); !label.empty()) {
        name += "{" + label + "=" + text(metric, "label_value") + "}";
      }
      table.add({node_of(device), text_or_dash(device, "device"), text_or_dash(device, "partition"),
                 name, reading_cell(metric), state_cell(metric), moment(metric, "time")});
    }
  }
  if (table.empty()) return "no metrics that this token may see\n";
  return table.drawn(terminal);
}

Result<void> run(const Context& context, const Coordinator& where, const Options& options) {
  const auto coordinator = completed(where);
  if (!coordinator) return coordinator.error();
  const auto document =
      get(*coordinator, "/v1/fleet/metrics", {{"node", options.node}, {"device", options.device}});
  if (!document) return document.error();
  show(context, picked(*document, options.names), drawn);
  return {};
}

}  // namespace

void declare_fleet_metrics(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where) {
  auto options = std::make_shared<Options>();
  CLI::App* command = fleet.add_subcommand("metrics", "The latest values of all devices");
  command->add_option("name", options->names, "Only these; 'link.*' stands for all of link")
      ->type_name("NAME");
  command->add_option("--node", options->node, "Only of this node")->type_name("ID");
  command->add_option("--device", options->device, "Only of this device")->type_name("KEY");
  command->callback([&context, where, options] {
    context.chosen = [&context, where, options] { return run(context, *where, *options); };
  });
}

}  // namespace farmhand::cli
