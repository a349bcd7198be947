// SPDX-License-Identifier: Apache-2.0
// farmhandd: parse, load, build the parts, run, report.
#include <getopt.h>

#include <cstdio>
#include <string>

#include "agent.hh"
#include "base/log.hh"
#include "base/scheduling.hh"
#include "base/version.hh"
#include "config/agent_config.hh"
#include "config/check_file.hh"

namespace farmhand {
namespace {

constexpr const char* kUsage =
    "usage: farmhandd [--config FILE] [--conf-d DIR] [--state-dir DIR] [--runtime-dir DIR]\n"
    "                 [--check-config] [--version] [--help]\n"
    "\n"
    "  --config FILE      the configuration (/etc/farmhand/agent.toml)\n"
    "  --conf-d DIR       further *.toml files, later ones win (conf.d beside the configuration)\n"
    "  --state-dir DIR    instead of [paths] state_dir\n"
    "  --runtime-dir DIR  instead of [paths] runtime_dir\n"
    "  --check-config     say what is wrong with the configuration and the check files,\n"
    "                     start nothing\n";

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;  // also: a configuration that cannot be used

struct Arguments {
  ConfigSource config;
  bool check_only = false;
};

// The exit code to end with, or -1 to go on.
int parse(int argc, char** argv, Arguments& arguments) {
  static constexpr option kOptions[] = {
      {"config", required_argument, nullptr, 'c'},
      {"conf-d", required_argument, nullptr, 'd'},
      {"state-dir", required_argument, nullptr, 's'},
      {"runtime-dir", required_argument, nullptr, 'r'},
      {"check-config", no_argument, nullptr, 'k'},
      {"version", no_argument, nullptr, 'v'},
      {"help", no_argument, nullptr, 'h'},
      {nullptr, 0, nullptr, 0},
  };
  for (int letter; (letter = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (letter) {
      case 'c':
        arguments.config.path = optarg;
        break;
      case 'd':
        arguments.config.conf_d = optarg;
        break;
      case 's':
        arguments.config.state_dir = optarg;
        break;
      case 'r':
        arguments.config.runtime_dir = optarg;
        break;
      case 'k':
        arguments.check_only = true;
        break;
      case 'v':
        std::printf("farmhandd %s\n", kVersion);
        return 0;
      case 'h':
        std::fputs(kUsage, stdout);
        return 0;
      default:
        std::fputs(kUsage, stderr);
        return kExitUsage;
    }
  }
  if (optind == argc) return -1;
  std::fprintf(stderr, "farmhandd: '%s' is not an option\n%s", argv[optind], kUsage);
  return kExitUsage;
}

// A check that is refused is no reason not to start: it is said, and the configuration is good.
int check_the_checks(const AgentConfig& config) {
  for (const RefusedCheck& refused : load_checks(config.paths.check_dirs).refused) {
    std::fprintf(stderr, "warning: %s\n", refused.sentence().c_str());
  }
  return 0;
}

int run(int argc, char** argv) {
  Arguments arguments;
  if (const int code = parse(argc, argv, arguments); code >= 0) return code;

  auto config = arguments.config.load();
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return kExitUsage;
  }
  if (arguments.check_only) return check_the_checks(*config);

  log::set_level(config->log.level);
  ask_for_short_turns();
  Loop loop;
  auto agent = Agent::create(loop, arguments.config, *std::move(config));
  if (!agent) {
    log::error(agent.error().message);
    return kExitFailure;
  }
  loop.run();
  return 0;
}

}  // namespace
}  // namespace farmhand

int main(int argc, char** argv) {
  return farmhand::run(argc, argv);
}
