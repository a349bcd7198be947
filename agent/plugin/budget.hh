// SPDX-License-Identifier: Apache-2.0
// A plugin's CPU and memory: what it used so far, and whether it is over what it may use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace farmhand {

class Budget {
 public:
  Budget(uint32_t cpu_max_percent, uint64_t memory_max_bytes)
      : cpu_max_percent_(cpu_max_percent), memory_max_bytes_(memory_max_bytes) {}

  // A look at the host in use. A sentence when it was over its budget at three looks in a row for
  // CPU, two for memory: one burst is not a fault.
  std::optional<std::string> look(uint64_t now_ns, uint64_t cpu_ns, uint64_t rss_bytes);
  // Another host is in use from now on; the old one used `cpu_ns` in all.
  void change_host(uint64_t cpu_ns);

  uint64_t cpu_ns() const { return cpu_before_ns_ + cpu_ns_; }
  uint64_t rss_bytes() const { return rss_bytes_; }

 private:
  uint32_t cpu_max_percent_;
  uint64_t memory_max_bytes_;
  uint64_t cpu_before_ns_ = 0;  // of hosts gone by
  uint64_t cpu_ns_ = 0;
  uint64_t rss_bytes_ = 0;
  uint64_t looked_ns_ = 0;  // 0: not yet at this host
  uint32_t cpu_strikes_ = 0;
  uint32_t memory_strikes_ = 0;
};

}  // namespace farmhand
