// SPDX-License-Identifier: Apache-2.0
// What a person is shown of a plugin, as plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farmhand {

enum class PluginState : uint8_t {
  kStarting,  // a host runs, its devices are not listed yet
  kRunning,   // its devices are being read
  kBackoff,   // no host: waiting before the next try
  kRefused,   // the package did not pass; nothing of it was run
  kStopped,
};
std::string_view name_of(PluginState state);

// A device that is kept away from its plugin until the next try.
struct QuarantinedDevice {
  std::string key;
  std::string reason;  // one sentence
  uint32_t failures = 0;
  bool breaker_open = false;  // failed so often that it is tried at the slowest pace only
  uint64_t since_boottime_ns = 0;
  uint64_t next_try_boottime_ns = 0;
};

struct PluginStatus {
  std::string id;
  std::string vendor;
  std::string version;
  PluginState state = PluginState::kStarting;
  std::string last_error;  // empty: never any
  pid_t pid = 0;           // of the host that is being read; 0: none
  uint32_t device_count = 0;
  uint64_t restarts = 0;  // hosts started beyond the first
  uint64_t crashes = 0;
  uint64_t overruns = 0;  // calls that passed their deadline
  uint64_t calls = 0;
  uint64_t calls_failed = 0;
  uint64_t log_lines_dropped = 0;
  uint64_t cpu_ns = 0;  // of all its hosts so far
  uint64_t rss_bytes = 0;
  uint64_t latency_p50_ns = 0;  // of calls, as the host measured them
  uint64_t latency_p99_ns = 0;
  uint64_t latency_max_ns = 0;
  uint32_t parked_hosts = 0;          // killed and still there: stuck in the kernel
  uint64_t next_try_boottime_ns = 0;  // in kBackoff
  std::vector<QuarantinedDevice> quarantined;
};

}  // namespace farmhand
