// SPDX-License-Identifier: Apache-2.0
// New inputs out of seeds, by chance: what differs from something valid in a few places reaches
// deeper than noise.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "fuzz.hh"

namespace farmhand::fuzz {

class Mutator {
 public:
  explicit Mutator(const Seeds& seeds) : seeds_(seeds) {}

  // The same number gives the same input, alone or in a row.
  std::string input(uint64_t seed, uint64_t number);

 private:
  void mutate(std::string& bytes);
  void replace_number(std::string& bytes);
  void copy_within(std::string& bytes);
  void splice(std::string& bytes);
  size_t below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  const Seeds& seeds_;
  std::mt19937_64 random_;
};

}  // namespace farmhand::fuzz
