// SPDX-License-Identifier: Apache-2.0
// What a simulated machine gives its programs in the kernel's place: random bytes that follow from
// a seed, and a boot id that changes with a reboot.
#pragma once

#include <cstdint>
#include <string>

namespace farmhand::simulation {

// SplitMix64: the same numbers on every machine and with every library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t end) { return end == 0 ? 0 : next() % end; }
  uint64_t between(uint64_t low, uint64_t high) { return low + below(high - low + 1); }
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }

 private:
  uint64_t state_;
};

void seed_machine(uint64_t seed);                // what getrandom gives from now on
void set_boot_id(const std::string& uuid_text);  // of whoever asks next
std::string new_boot_id(Random& random);

}  // namespace farmhand::simulation
