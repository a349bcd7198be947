// SPDX-License-Identifier: Apache-2.0
// What benches of plugin hosts share: who listens to a supervisor, and processor time of both
// sides.
#pragma once

#include <sys/resource.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "plugin/supervisor.hh"

namespace farmhand {

// Counts readings, and knows the series that can be asked for.
struct Count : Supervisor::Listener {
  std::map<std::string, std::vector<uint32_t>> ids;
  uint64_t readings = 0;

  void on_devices(const std::string&, const std::vector<DeviceInfo>&) override {}
  void on_metrics(const std::string& key, const std::vector<MetricInfo>& metrics) override {
    ids[key].clear();
    for (const MetricInfo& metric : metrics) ids[key].push_back(metric.id);
  }
  void on_samples(const std::string&, std::span<const Sample> samples) override {
    readings += samples.size();
  }
  void on_device_unknown(const std::string& key, const std::string& reason) override {
    std::printf("%s unknown: %s\n", key.c_str(), reason.c_str());
  }
  void on_device_back(const std::string&) override {}
  void on_plugin_state(const PluginStatus&) override {}
};

inline uint64_t own_cpu_ns() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ns = [](const timeval& time) {
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000u +
           static_cast<uint64_t>(time.tv_usec) * 1000u;
  };
  return ns(used.ru_utime) + ns(used.ru_stime);
}

inline uint64_t hosts_cpu_ns(const Supervisor& supervisor) {
  uint64_t total = 0;
  for (const PluginStatus& plugin : supervisor.plugins()) {
    clockid_t clock;
    timespec used{};
    if (::clock_getcpuclockid(plugin.pid, &clock) == 0) ::clock_gettime(clock, &used);
    total +=
        static_cast<uint64_t>(used.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(used.tv_nsec);
  }
  return total;
}

}  // namespace farmhand
