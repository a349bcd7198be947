// SPDX-License-Identifier: Apache-2.0
// What the agent itself costs: processor time and memory, from the kernel's accounts of this
// process.
#pragma once

#include <cstdint>

#include "base/result.hh"

namespace farmhand {

struct SelfCost {
  uint64_t cpu_ns = 0;     // user and system, since the start
  uint64_t rss_bytes = 0;  // resident now
  uint64_t rss_max_bytes = 0;
};

Result<SelfCost> read_self_cost();

}  // namespace farmhand
