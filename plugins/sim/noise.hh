// SPDX-License-Identifier: Apache-2.0
// Randomness as a function of place instead of a stream: the same seed and moment give the same
// number, whoever asks, in whatever order and how often.
#pragma once

#include <cmath>
#include <cstdint>

namespace farmhand::sim {

// The finaliser of SplitMix64 over three numbers.
inline uint64_t mixed(uint64_t seed, uint64_t stream, uint64_t place) {
  uint64_t x = seed * 0x9E3779B97F4A7C15u ^ (stream + 0x632BE59BD9B4E019u) * 0xD1B54A32D192ED03u;
  x += place * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// In [0, 1).
inline double uniform(uint64_t seed, uint64_t stream, uint64_t place) {
  return static_cast<double>(mixed(seed, stream, place) >> 11) * 0x1.0p-53;
}

// A smooth walk in [0, 1): a new random point per unit of `x`, eased in between.
inline double walk(uint64_t seed, uint64_t stream, double x) {
  const double floor_x = std::floor(x);
  const auto place = static_cast<uint64_t>(floor_x);
  const double part = x - floor_x;
  const double eased = part * part * (3 - 2 * part);
  const double from = uniform(seed, stream, place);
  return from + (uniform(seed, stream, place + 1) - from) * eased;
}

}  // namespace farmhand::sim
