// SPDX-License-Identifier: Apache-2.0
#include "plugin/budget.hh"

#include <algorithm>

namespace farmhand {

namespace {

constexpr uint32_t kCpuStrikes = 3;
constexpr uint32_t kMemoryStrikes = 2;

}  // namespace

std::optional<std::string> Budget::look(uint64_t now_ns, uint64_t cpu_ns, uint64_t rss_bytes) {
  const uint64_t used_ns = cpu_ns > cpu_ns_ ? cpu_ns - cpu_ns_ : 0;
  const uint64_t passed_ns = looked_ns_ == 0 ? 0 : now_ns - looked_ns_;
  const uint64_t percent = passed_ns == 0 ? 0 : used_ns * 100 / passed_ns;
  looked_ns_ = now_ns;
  cpu_ns_ = std::max(cpu_ns, cpu_ns_);
  rss_bytes_ = rss_bytes;
  cpu_strikes_ = cpu_max_percent_ > 0 && percent > cpu_max_percent_ ? cpu_strikes_ + 1 : 0;
  memory_strikes_ =
      memory_max_bytes_ > 0 && rss_bytes > memory_max_bytes_ ? memory_strikes_ + 1 : 0;
  if (cpu_strikes_ >= kCpuStrikes) {
    return "the plugin used " + std::to_string(percent) + " % of a core, its cpu_max_percent is " +
           std::to_string(cpu_max_percent_);
  }
  if (memory_strikes_ >= kMemoryStrikes) {
    return "the plugin held " + std::to_string(rss_bytes >> 20) + " MiB, its memory_max is " +
           std::to_string(memory_max_bytes_ >> 20) + " MiB";
  }
  return std::nullopt;
}

void Budget::change_host(uint64_t cpu_ns) {
  cpu_before_ns_ += std::max(cpu_ns, cpu_ns_);
  cpu_ns_ = 0;
  rss_bytes_ = 0;
  looked_ns_ = 0;
  cpu_strikes_ = 0;
  memory_strikes_ = 0;
}

}  // namespace farmhand
