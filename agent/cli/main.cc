// SPDX-License-Identifier: Apache-2.0
// farmhand: what a person asks an agent and a coordinator.
#include "cli/command.hh"

int main(int argc, char** argv) {
  return farmhand::cli::run(argc, argv);
}
