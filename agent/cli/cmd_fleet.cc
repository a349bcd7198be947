// SPDX-License-Identifier: Apache-2.0
// farmhand fleet …: all nodes, as the coordinator knows them.
#include "cli/fleet.hh"

namespace farmhand::cli {

void declare_fleet(CLI::App& parent, Context& context) {
  auto where = std::make_shared<Coordinator>();
  CLI::App* fleet = parent.add_subcommand("fleet", "All nodes, as the coordinator knows them");
  fleet->require_subcommand(1);
  fleet->fallthrough();
  fleet->add_option("--url", where->url, "The coordinator: https://host:port")->type_name("URL");
  fleet->add_option("--ca", where->ca, "File with the authority that signed its certificate")
      ->type_name("FILE");
  fleet->add_option("--token-file", where->token_file, "File with an operator token")
      ->type_name("FILE");
  fleet->footer(
      "Without these options: FARMHAND_FLEET_URL, FARMHAND_FLEET_CA and "
      "FARMHAND_FLEET_TOKEN_FILE,\n"
      "then ~/.config/farmhand/fleet.toml with url, ca and token_file in [coordinator].");
  declare_fleet_nodes(*fleet, context, where);
  declare_fleet_devices(*fleet, context, where);
  declare_fleet_metrics(*fleet, context, where);
  declare_fleet_capacity(*fleet, context, where);
  declare_fleet_health(*fleet, context, where);
  declare_fleet_refresh(*fleet, context, where);
}

Result<void> show_from(const Context& context, const Coordinator& where, const std::string& path,
                       const Query& query,
                       const std::function<std::string(const Document&, const Terminal&)>& drawn,
                       const std::function<void(const Document&)>& seen) {
  const auto coordinator = completed(where);
  if (!coordinator) return coordinator.error();
  const auto document = get(*coordinator, path, query);
  if (!document) return document.error();
  show(context, *document, drawn);
  if (seen) seen(*document);
  return {};
}

std::string node_of(const Document& row) {
  const std::string name = text(row, "hostname");
  return name.empty() ? text_or_dash(row, "node") : name;
}

}  // namespace farmhand::cli
