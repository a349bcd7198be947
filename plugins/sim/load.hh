// SPDX-License-Identifier: Apache-2.0
// What the simulated device has to do: a pure function of seed and time.
#pragma once

#include <cstdint>
#include <string_view>

namespace farmhand::sim {

// Demand on the device and on its memory, both 0 to 1.
struct Demand {
  double compute = 0;
  double memory = 0;
};

class Load {
 public:
  // `jobs`, `idle`, `full`, `wave` or a percentage. Throws Failure(FH_E_INVALID) for anything else.
  explicit Load(std::string_view profile);

  Demand at(uint64_t seed, double seconds) const;

 private:
  enum class Profile { kJobs, kWave, kConstant };
  Profile profile_ = Profile::kJobs;
  double constant_ = 0;
};

}  // namespace farmhand::sim
