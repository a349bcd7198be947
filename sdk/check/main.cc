// SPDX-License-Identifier: Apache-2.0
// farmhand-plugin-check: what a vendor runs before giving a plugin away, and attaches the report
// of.
#include <stdio.h>
#include <unistd.h>

#include <algorithm>

#include "arguments.hh"
#include "report.hh"
#include "show.hh"

namespace farmhand::check {

namespace {

// A plugin that hangs everywhere would otherwise take the time-out of every test.
constexpr unsigned kTimeoutsMost = 3;

int list() {
  for (const Test& test : all_tests())
    printf("%-14s %-3s  %s\n", test.name, test.rule, test.promise);
  return 0;
}

bool locate(Options& options, Manifest& manifest) {
  if (!options.manifest_path.empty()) {
    manifest = read_manifest(options.manifest_path);
    const size_t slash = options.manifest_path.rfind('/');
    const std::string folder =
        slash == std::string::npos ? "." : options.manifest_path.substr(0, slash);
    options.library_path = folder + "/" + manifest.library;
  }
  if (!options.library_path.ends_with('/') && access(options.library_path.c_str(), R_OK) == 0) {
    return true;
  }
  for (const std::string& problem : manifest.problems) fprintf(stderr, "%s\n", problem.c_str());
  fprintf(stderr, "farmhand-plugin-check: cannot read the library '%s'\n",
          options.library_path.c_str());
  return false;
}

bool wanted(const Options& options, const Test& test) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), test.name) != options.only.end();
}

bool all_known(const Options& options) {
  const auto all = all_tests();
  for (const std::string& name : options.only) {
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const Test& test) { return name == test.name; });
    if (known) continue;
    fprintf(stderr, "farmhand-plugin-check: there is no test '%s': see --list\n", name.c_str());
    return false;
  }
  return true;
}

int check(Options& options) {
  Manifest manifest;
  if (!all_known(options) || !locate(options, manifest)) return 2;
  Report report(options, manifest);
  unsigned timeouts = 0;
  for (const Test& test : all_tests()) {
    if (!wanted(options, test)) continue;
    if (timeouts == kTimeoutsMost) {
      report.add(test,
                 {Result::kSkipped, "not run after three time-outs: see to those first", {}, 0});
      continue;
    }
    const auto body = [&](Findings& findings) {
      Context context{options, manifest, findings, std::mt19937_64(options.seed)};
      test.run(context);
    };
    const Outcome outcome =
        test.traced ? run_traced(body, options.timeout_s) : run_apart(body, options.timeout_s);
    if (outcome.took_ms >= options.timeout_s * 1000ull) ++timeouts;
    report.add(test, outcome);
  }
  return report.finish();
}

int run(int argc, char** argv) {
  Arguments arguments = read_arguments(argc, argv);
  switch (arguments.command) {
    case Command::kWrong:
      fprintf(stderr, "farmhand-plugin-check: %s\nTry farmhand-plugin-check --help.\n",
              arguments.error.c_str());
      return 2;
    case Command::kHelp:
      printf("%s", arguments.help);
      return 0;
    case Command::kList:
      return list();
    case Command::kShow: {
      Manifest manifest;
      return locate(arguments.options, manifest) ? show(arguments.options) : 2;
    }
    case Command::kNew:
      return make_project(arguments.skeleton);
    default:
      return check(arguments.options);
  }
}

}  // namespace

}  // namespace farmhand::check

int main(int argc, char** argv) {
  return farmhand::check::run(argc, argv);
}
