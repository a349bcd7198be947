// SPDX-License-Identifier: Apache-2.0
#include "sha256.hh"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>

namespace farmhand::check {

namespace {

// The first 32 bits of the fractional part of the root of a prime.
uint32_t fraction(long double root) {
  return static_cast<uint32_t>((root - std::floor(root)) * 4294967296.0L);
}

std::array<uint32_t, 64> primes() {
  std::array<uint32_t, 64> found{};
  size_t count = 0;
  for (uint32_t n = 2; count < found.size(); ++n) {
    bool prime = true;
    for (size_t i = 0; i < count && prime; ++i) prime = n % found[i] != 0;
    if (prime) found[count++] = n;
  }
  return found;
}

class Sha256 {
 public:
  Sha256() {
    const auto prime = primes();
    for (size_t i = 0; i < 8; ++i)
      state_[i] = fraction(std::sqrt(static_cast<long double>(prime[i])));
    for (size_t i = 0; i < 64; ++i)
      round_[i] = fraction(std::cbrt(static_cast<long double>(prime[i])));
  }

  void block(const unsigned char* bytes) {
    std::array<uint32_t, 64> w{};
    for (size_t i = 0; i < 16; ++i) {
      const unsigned char* const p = bytes + 4 * i;
      w[i] = uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
    }
    for (size_t i = 16; i < 64; ++i) {
      const uint32_t a = w[i - 15];
      const uint32_t b = w[i - 2];
      w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + w[i - 7] +
             (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
    }
    std::array<uint32_t, 8> s = state_;
    for (size_t i = 0; i < 64; ++i) {
      const uint32_t sum1 = std::rotr(s[4], 6) ^ std::rotr(s[4], 11) ^ std::rotr(s[4], 25);
      const uint32_t sum0 = std::rotr(s[0], 2) ^ std::rotr(s[0], 13) ^ std::rotr(s[0], 22);
      const uint32_t t1 = s[7] + sum1 + ((s[4] & s[5]) ^ (~s[4] & s[6])) + round_[i] + w[i];
      const uint32_t t2 = sum0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      s = {t1 + t2, s[0], s[1], s[2], s[3] + t1, s[4], s[5], s[6]};
    }
    for (size_t i = 0; i < 8; ++i) state_[i] += s[i];
  }

  std::string hex() const {
    std::string text;
    for (const uint32_t word : state_) {
      for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
    }
    return text;
  }

 private:
  std::array<uint32_t, 8> state_{};
  std::array<uint32_t, 64> round_{};
};

}  // namespace

std::string sha256_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  const uint64_t bits = uint64_t{bytes.size()} * 8;
  bytes += '\x80';
  while (bytes.size() % 64 != 56) bytes += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift);
  Sha256 hash;
  for (size_t at = 0; at < bytes.size(); at += 64) {
    hash.block(reinterpret_cast<const unsigned char*>(bytes.data()) + at);
  }
  return hash.hex();
}

}  // namespace farmhand::check
