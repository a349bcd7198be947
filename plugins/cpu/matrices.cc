// SPDX-License-Identifier: Apache-2.0
#include "matrices.hh"

#include <cmath>
#include <cstring>
#include <optional>

namespace farmhand::cpu {

namespace {

// 2^20 x 2^20 x 1024 rows stay below 2^53; 127 x 127 x 1024 below 2^24; and two products of int8
// below 2^15, where processors without VNNI would saturate.
int64_t largest(Dtype dtype) {
  return dtype == Dtype::kFp64 ? 1 << 20 : 127;
}

size_t input_bytes(Dtype dtype) {
  constexpr size_t kBytes[] = {8, 4, 2, 1};
  return kBytes[static_cast<size_t>(dtype)];
}

void store(Dtype dtype, int64_t value, unsigned char* at) {
  const auto real = static_cast<double>(value);
  const auto single = static_cast<float>(value);
  if (dtype == Dtype::kFp64) memcpy(at, &real, sizeof real);
  if (dtype == Dtype::kFp32) memcpy(at, &single, sizeof single);
  if (dtype == Dtype::kBf16)
    memcpy(at, reinterpret_cast<const char*>(&single) + 2, 2);  // the upper half
  if (dtype == Dtype::kInt8) *at = static_cast<unsigned char>(value);
}

// A whole number, or nothing: a NaN, an infinity and a fraction are wrong results.
template <class Float>
std::optional<uint64_t> whole(Float value) {
  if (!(std::abs(value) < static_cast<Float>(1LL << 62)) || value != std::trunc(value))
    return std::nullopt;
  return static_cast<uint64_t>(static_cast<int64_t>(value));
}

std::optional<uint64_t> load(Dtype dtype, const void* c, size_t at) {
  if (dtype == Dtype::kFp64) return whole(static_cast<const double*>(c)[at]);
  if (dtype == Dtype::kInt8) {
    return static_cast<uint64_t>(static_cast<int64_t>(static_cast<const int32_t*>(c)[at]));
  }
  return whole(static_cast<const float*>(c)[at]);
}

// matrix * vector, modulo 2^64.
std::vector<uint64_t> times(const std::vector<int64_t>& matrix,
                            const std::vector<uint64_t>& vector) {
  std::vector<uint64_t> result(vector.size(), 0);
  for (size_t row = 0; row < vector.size(); ++row) {
    for (size_t column = 0; column < vector.size(); ++column) {
      result[row] += static_cast<uint64_t>(matrix[row * vector.size() + column]) * vector[column];
    }
  }
  return result;
}

}  // namespace

void Matrices::fill(std::vector<unsigned char>* bytes, std::vector<int64_t>* values, int64_t least,
                    int64_t most, uint64_t* state) {
  const auto range = static_cast<uint64_t>(most - least + 1);
  for (size_t at = 0; at < size_ * size_; ++at) {
    const int64_t value = least + static_cast<int64_t>(mix(state) % range);
    values->push_back(value);
    store(dtype_, value, bytes->data() + at * input_bytes(dtype_));
  }
}

Matrices::Matrices(Dtype dtype, size_t size, uint64_t seed) : dtype_(dtype), size_(size) {
  const size_t bytes = size * size * input_bytes(dtype);
  a_.resize(bytes);
  b_.resize(bytes);
  uint64_t state = seed;
  std::vector<int64_t> a, b;
  fill(&a_, &a, dtype == Dtype::kInt8 ? 0 : -largest(dtype), largest(dtype), &state);
  fill(&b_, &b, -largest(dtype), largest(dtype), &state);
  for (size_t at = 0; at < size; ++at) vector_.push_back(mix(&state) | 1);
  expected_ = times(a, times(b, vector_));
}

size_t Matrices::product_bytes() const {
  return size_ * size_ * (dtype_ == Dtype::kFp64 ? 8 : 4);
}

bool Matrices::is_product(const void* c) const {
  for (size_t row = 0; row < size_; ++row) {
    uint64_t sum = 0;
    for (size_t column = 0; column < size_; ++column) {
      const auto value = load(dtype_, c, row * size_ + column);
      if (!value) return false;
      sum += *value * vector_[column];
    }
    if (sum != expected_[row]) return false;
  }
  return true;
}

}  // namespace farmhand::cpu
