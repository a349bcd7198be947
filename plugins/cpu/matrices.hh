// SPDX-License-Identifier: Apache-2.0
// Matrices of whole numbers, small enough that their product is exact in the dtype whatever the
// order of the additions: so any library on any processor must give the same bits.
#pragma once

#include <cstdint>
#include <vector>

#include "libraries.hh"

namespace farmhand::cpu {

// One random number after the other from a seed (SplitMix64, prng.di.unimi.it/splitmix64.c).
inline uint64_t mix(uint64_t* state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

// The factors of one product, and a way to tell whether a product is theirs.
class Matrices {
 public:
  Matrices(Dtype dtype, size_t size, uint64_t seed);

  size_t size() const { return size_; }
  const void* a() const { return a_.data(); }
  const void* b() const { return b_.data(); }
  size_t product_bytes() const;
  double operations() const {
    const auto n = static_cast<double>(size_);
    return 2 * n * n * n;
  }

  // Whether c = a * b to the bit. Multiplies each row with a vector of odd numbers, modulo 2^64
  // where nothing is rounded (Freivalds): a single wrong element of a row always shows, several at
  // once are missed with a chance of 2^-60. It costs n^2 instead of the n^3 of doing it again.
  bool is_product(const void* c) const;

 private:
  void fill(std::vector<unsigned char>* bytes, std::vector<int64_t>* values, int64_t least,
            int64_t most, uint64_t* state);

  const Dtype dtype_;
  const size_t size_;
  std::vector<unsigned char> a_, b_;
  std::vector<uint64_t> vector_;    // of odd numbers
  std::vector<uint64_t> expected_;  // a * (b * vector)
};

}  // namespace farmhand::cpu
