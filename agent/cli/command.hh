// SPDX-License-Identifier: Apache-2.0
// What every command gets, and how it says how it ended. A command file has one `declare_x`, named
// in commands.cc, which adds a subcommand to its parent; when the subcommand was given, it puts its
// work into `chosen`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hh"
#include "cli/format.hh"
#include "cli/terminal.hh"

namespace farmhand::cli {

// The exit codes, the same for every command.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;      // it could not be done, or is not there
inline constexpr int kExitUsage = 2;        // the command line, or a configuration, is wrong
inline constexpr int kExitUnreachable = 3;  // the agent or the coordinator does not answer

struct Context {
  std::string runtime_dir = "/run/farmhand";
  bool json = false;
  bool no_color = false;
  std::optional<int> failure_code;       // when the error's kind alone would not say it
  std::optional<int> verdict_code;       // of a command whose answer is a verdict
  std::function<Result<void>()> chosen;  // the command given

  Terminal terminal() const { return Terminal::of_stdout(no_color); }
};

int exit_code_of(const Error& error);

// To stdout: the text as it is, or the document as it came, followed by a newline.
void print(const std::string& text);
void print(const Document& document);

// A document for scripts with --json, else drawn for a person.
void show(const Context& context, const Document& document,
          const std::function<std::string(const Document&, const Terminal&)>& drawn);

// The whole program.
int run(int argc, const char* const* argv);

// Builds the whole command line: the global options and every command.
void declare_all(CLI::App& app, Context& context);

void declare_status(CLI::App& parent, Context& context);
void declare_devices(CLI::App& parent, Context& context);
void declare_metrics(CLI::App& parent, Context& context);
void declare_plugins(CLI::App& parent, Context& context);
void declare_queue(CLI::App& parent, Context& context);
void declare_enroll(CLI::App& parent, Context& context);
void declare_event(CLI::App& parent, Context& context);
void declare_config(CLI::App& parent, Context& context);
void declare_keys(CLI::App& parent, Context& context);
void declare_health(CLI::App& parent, Context& context);
void declare_device(CLI::App& parent, Context& context);
void declare_fleet(CLI::App& parent, Context& context);
void declare_completion(CLI::App& parent, Context& context);

}  // namespace farmhand::cli
