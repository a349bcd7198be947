// SPDX-License-Identifier: Apache-2.0
// The command line of `farmhand-plugin-check`.
#pragma once

#include <string>

#include "options.hh"
#include "skeleton.hh"

namespace farmhand::check {

enum class Command { kCheck, kShow, kList, kNew, kHelp, kWrong };

struct Arguments {
  Command command = Command::kCheck;
  Options options;
  Skeleton skeleton;
  std::string error;           // of kWrong
  const char* help = nullptr;  // of kHelp
};

Arguments read_arguments(int argc, char** argv);

}  // namespace farmhand::check
