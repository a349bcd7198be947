// SPDX-License-Identifier: Apache-2.0
// The table of commands, and what they share.
#include <csignal>
#include <cstdio>
#include <sstream>

#include "base/version.hh"
#include "cli/command.hh"

namespace farmhand::cli {

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 could not be done or is not there, 2 wrong command line or\n"
    "configuration, 3 the agent or the coordinator cannot be reached. 'health' and 'fleet "
    "health':\n"
    "0 ok, 1 warn, 2 fail, 3 unknown.";

using Declare = void (*)(CLI::App&, Context&);
constexpr Declare kCommands[] = {
    declare_status,  declare_health, declare_devices,    declare_device, declare_metrics,
    declare_plugins, declare_queue,  declare_enroll,     declare_event,  declare_config,
    declare_keys,    declare_fleet,  declare_completion,
};

// A sentence may have several lines: a configuration's mistakes, one on each.
void complain(const std::string& sentence) {
  std::istringstream lines(sentence);
  std::string out;
  for (std::string line; std::getline(lines, line);) out += harmless(line) + "\n";
  std::fprintf(stderr, "farmhand: %s", out.c_str());
}

}  // namespace

void declare_all(CLI::App& app, Context& context) {
  app.footer(kFooter);
  app.set_version_flag("--version", kVersion);
  app.add_option("--runtime-dir", context.runtime_dir, "Where the agent's control.sock is")
      ->type_name("DIR")
      ->capture_default_str()
      ->envname("FARMHAND_RUNTIME_DIR");
  app.add_flag("--json", context.json, "Print the answer as a JSON document");
  app.add_flag("--no-color", context.no_color, "No colour, as with NO_COLOR set");
  app.fallthrough();  // the global options may also follow the command
  app.require_subcommand(1);
  for (const Declare declare : kCommands) declare(app, context);
}

// Parses, does the one thing chosen, says how it ended.
int run(int argc, const char* const* argv) {
  Context context;
  CLI::App app("Farmhand: a mixed farm of accelerators, seen from one node or from all.",
               "farmhand");
  declare_all(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::Error& error) {
    std::fprintf(stderr, "farmhand: %s\n'farmhand --help' lists what there is.\n", error.what());
    return kExitUsage;
  }
  if (const auto done = context.chosen(); !done) {
    complain(done.error().message);
    return context.failure_code.value_or(exit_code_of(done.error()));
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::perror("farmhand: cannot write the answer");
    return kExitFailure;
  }
  return context.verdict_code.value_or(kExitOk);
}

int exit_code_of(const Error& error) {
  return error.code == Errc::kUnavailable || error.code == Errc::kTimeout ? kExitUnreachable
                                                                          : kExitFailure;
}

// `farmhand … | head` ends as any other program does: quietly, by the signal that the loop of a
// network command had us ignore.
void print(const std::string& text) {
  std::signal(SIGPIPE, SIG_DFL);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print(const Document& document) {
  print(document.dump(2, ' ', false, Document::error_handler_t::replace) + "\n");
}

void show(const Context& context, const Document& document,
          const std::function<std::string(const Document&, const Terminal&)>& drawn) {
  if (context.json) {
    print(document);
  } else {
    print(drawn(document, context.terminal()));
  }
}

}  // namespace farmhand::cli
