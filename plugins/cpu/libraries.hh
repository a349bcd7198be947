// SPDX-License-Identifier: Apache-2.0
// The libraries that do the arithmetic, loaded at the first test: the plugin itself needs none.
#pragma once

#include <cstdint>
#include <farmhand/library.hh>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace farmhand::cpu {

enum class Dtype { kFp64, kFp32, kBf16, kInt8 };
const char* name_of(Dtype dtype);

// c = a * b, square and row-major, in the calling thread alone. The inputs are of the dtype (of
// int8 the first is unsigned), the result is double, float, float or int32_t.
using Multiply = std::function<void(const void* a, const void* b, void* c)>;

class Libraries {
 public:
  Libraries(std::vector<std::string> blas, std::vector<std::string> onednn)
      : blas_names_(std::move(blas)), onednn_names_(std::move(onednn)) {}

  // For one thread and one size. Throws FH_E_UNSUPPORTED with what to install.
  Multiply multiply(Dtype dtype, size_t size);
  // `OpenBLAS 0.3.21 …, kernels for Zen`.
  std::string description(Dtype dtype);

 private:
  struct Blas;
  struct OneDnn;
  const Blas& blas();
  const OneDnn& onednn();
  static Multiply bf16_multiply(const OneDnn& library, size_t size);

  std::vector<std::string> blas_names_, onednn_names_;
  std::mutex mutex_;
  std::shared_ptr<const Blas> blas_;
  std::shared_ptr<const OneDnn> onednn_;
};

}  // namespace farmhand::cpu
