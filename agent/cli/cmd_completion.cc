// SPDX-License-Identifier: Apache-2.0
// farmhand completion SHELL: the script that packages install for bash, zsh and fish.
#include <memory>

#include "cli/command.hh"
#include "cli/completion.hh"

namespace farmhand::cli {

void declare_completion(CLI::App& parent, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand("completion", "Print the completion script of a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->type_name("SHELL")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&parent, &context, shell] {
    context.chosen = [&parent, shell]() -> Result<void> {
      const auto script = completion_for(*shell, parent);
      if (!script) return script.error();
      print(*script);
      return {};
    };
  });
}

}  // namespace farmhand::cli
