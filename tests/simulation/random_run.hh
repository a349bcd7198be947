// SPDX-License-Identifier: Apache-2.0
// One random life of a farm: production and every kind of trouble, in an order that follows from
// the seed; at the end all is well again, and the Model says whether every promise was kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace farmhand::simulation {

struct RunReport {
  uint64_t seed = 0;
  std::vector<std::string> findings;
  std::vector<std::string> story;  // what happened, a line each
  uint64_t virtual_s = 0;
  size_t handed_in = 0, accepted = 0;
  std::string state_hash;
};

RunReport run_seed(uint64_t seed);

}  // namespace farmhand::simulation
