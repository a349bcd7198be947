// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest.h>

#include "base/log.hh"

int main(int argc, char** argv) {
  farmhand::log::set_level(farmhand::log::Level::kError);
  return doctest::Context(argc, argv).run();
}
