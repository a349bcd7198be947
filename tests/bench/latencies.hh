// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace farmhand {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct Latencies {
  std::vector<double> ms;

  void add(const Stopwatch& since) { ms.push_back(since.seconds() * 1e3); }
  double at(double share) {
    if (ms.empty()) return 0;
    const auto n = static_cast<size_t>(share * static_cast<double>(ms.size() - 1));
    std::nth_element(ms.begin(), ms.begin() + static_cast<ptrdiff_t>(n), ms.end());
    return ms[n];
  }
};

}  // namespace farmhand
