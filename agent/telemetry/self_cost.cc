// SPDX-License-Identifier: Apache-2.0
#include "telemetry/self_cost.hh"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.hh"

namespace farmhand {

namespace {

uint64_t ns_from(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<uint64_t>(time.tv_usec) * 1'000;
}

}  // namespace

Result<SelfCost> read_self_cost() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return error_from_errno("getrusage", errno);
  // statm and not smaps_rollup: the latter walks the page tables, which costs what we measure.
  const auto statm = read_file("/proc/self/statm");
  if (!statm) return statm.error();
  unsigned long size = 0;
  unsigned long resident = 0;
  if (std::sscanf(statm->c_str(), "%lu %lu", &size, &resident) != 2) {
    return Error{Errc::kCorrupt, "/proc/self/statm is not two numbers: '" + *statm + "'"};
  }
  SelfCost cost;
  cost.cpu_ns = ns_from(usage.ru_utime) + ns_from(usage.ru_stime);
  cost.rss_bytes = resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  cost.rss_max_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  return cost;
}

}  // namespace farmhand
