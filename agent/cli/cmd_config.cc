// SPDX-License-Identifier: Apache-2.0
// farmhand config check FILE | show: before a restart, and after.
#include <memory>

#include "cli/agent_client.hh"
#include "cli/command.hh"
#include "config/agent_config.hh"

namespace farmhand::cli {

namespace {

struct CheckOptions {
  std::string file;
  std::string conf_d;
};

Result<void> check(Context& context, const CheckOptions& options) {
  const auto config = load_agent_config(options.file, options.conf_d);
  if (!config) {
    context.failure_code = kExitUsage;  // as `farmhandd --check-config` has it
    return config.error();
  }
  const Document document{{"file", options.file}, {"valid", true}};
  show(context, document,
       [&](const Document&, const Terminal&) { return options.file + ": no mistakes\n"; });
  return {};
}

Result<void> show_effective(const Context& context) {
  const auto document = ask_agent(context, {.verb = "config", .arguments = {}});
  if (!document) return document.error();
  show(context, *document,
       [](const Document& shown, const Terminal&) { return text(shown, "effective"); });
  return {};
}

}  // namespace

void declare_config(CLI::App& parent, Context& context) {
  CLI::App* command =
      parent.add_subcommand("config", "Check a configuration, or show the one in force");
  command->require_subcommand(1);
  auto options = std::make_shared<CheckOptions>();
  CLI::App* checked =
      command->add_subcommand("check", "Read a file as the agent would, and say every mistake");
  checked->add_option("file", options->file, "The agent.toml to read")
      ->type_name("FILE")
      ->required();
  checked->add_option("--conf-d", options->conf_d, "Folder of *.toml read after it")
      ->type_name("DIR");
  checked->callback([&context, options] {
    context.chosen = [&context, options] { return check(context, *options); };
  });
  command->add_subcommand("show", "What the running agent has in force (root only)")
      ->callback([&context] { context.chosen = [&context] { return show_effective(context); }; });
}

}  // namespace farmhand::cli
