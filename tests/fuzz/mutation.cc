// SPDX-License-Identifier: Apache-2.0
#include "mutation.hh"

#include <algorithm>
#include <cstring>

namespace farmhand::fuzz {
namespace {

constexpr size_t kBytesMax = 64 << 10;
constexpr size_t kChangesMax = 6;
// Where counters, lengths and signs turn over.
constexpr uint64_t kEdges[] = {0,          1,          0x7f,       0x80,       0xff,
                               0x7fff,     0x8000,     0xffff,     0x7fffffff, 0x80000000,
                               0xffffffff, 1ull << 62, 1ull << 63, ~0ull - 1,  ~0ull};

}  // namespace

std::string Mutator::input(uint64_t seed, uint64_t number) {
  std::seed_seq both{seed, seed >> 32, number, number >> 32};
  random_.seed(both);
  if (seeds_.empty() || below(64) == 0) {  // now and then nothing but noise
    std::string noise(below(256), '\0');
    for (char& c : noise) c = static_cast<char>(random_());
    return noise;
  }
  std::string bytes = seeds_[below(seeds_.size())];
  for (size_t left = 1 + below(kChangesMax); left > 0; --left) mutate(bytes);
  bytes.resize(std::min(bytes.size(), kBytesMax));
  return bytes;
}

void Mutator::mutate(std::string& bytes) {
  const size_t at = below(bytes.size());
  switch (below(9)) {
    case 0:
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
      break;
    case 1:
      if (!bytes.empty()) bytes[at] = static_cast<char>(random_());
      break;
    case 2:
      bytes.erase(at, 1 + below(16));
      break;
    case 3:
      bytes.insert(at, 1 + below(16), static_cast<char>(random_()));
      break;
    case 4:
      bytes.resize(at);
      break;
    case 5:
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] + (below(2) == 0 ? 1 : -1));
      break;
    case 6:
      replace_number(bytes);
      break;
    case 7:
      copy_within(bytes);
      break;
    case 8:
      splice(bytes);
      break;
  }
}

// An edge value, fixed width, as a varint or as digits.
void Mutator::replace_number(std::string& bytes) {
  const uint64_t edge = kEdges[below(std::size(kEdges))];
  std::string number;
  switch (below(3)) {
    case 0:
      number.resize(size_t{1} << below(4));
      std::memcpy(number.data(), &edge, number.size());
      break;
    case 1:
      for (uint64_t rest = edge; rest >= 0x80; rest >>= 7) number += static_cast<char>(rest | 0x80);
      number += static_cast<char>(edge & 0x7f);
      break;
    case 2:
      number = std::to_string(edge);
      break;
  }
  const size_t at = below(bytes.size());
  bytes.replace(at, std::min(number.size(), bytes.size() - at), number);
}

void Mutator::copy_within(std::string& bytes) {
  const std::string part = bytes.substr(below(bytes.size()), 1 + below(64));
  bytes.insert(below(bytes.size()), part);
}

void Mutator::splice(std::string& bytes) {
  const std::string& other = seeds_[below(seeds_.size())];
  bytes.resize(below(bytes.size()));
  bytes += other.substr(below(other.size()));
}

}  // namespace farmhand::fuzz
