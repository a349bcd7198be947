// SPDX-License-Identifier: Apache-2.0
// The node's processor packages: who they are, and which of the kernel's processors belong to them.
#pragma once

#include <cstdint>
#include <farmhand/sysfs.hh>
#include <set>
#include <string>
#include <vector>

namespace farmhand::cpu {

struct Package {
  int32_t id = 0;
  std::string key, vendor, model, serial, firmware;
  int32_t family = -1, model_number = -1;  // of x86
  std::set<std::string> flags;
  std::vector<int32_t> cpus;        // online, ascending
  std::vector<int32_t> cores;       // the first processor of each core
  std::vector<int32_t> numa_nodes;  // ascending
  uint64_t memory_bytes = 0;        // of these nodes

  // The node number where there is exactly one, else -1.
  int32_t numa_node() const { return numa_nodes.size() == 1 ? numa_nodes[0] : -1; }
};

// Empty with a sentence in `why` where /proc/cpuinfo does not tell.
std::vector<Package> find_packages(const Root& root, std::string* why);

// `0-3,8`: the kernel's notation of processors.
std::vector<int32_t> list_from(std::string_view text);
std::string text_from(const std::vector<int32_t>& list);

// A line of a NUMA node's meminfo, in bytes.
Reading read_node_memory(const std::string& node_folder, std::string_view key);

// A file of /proc that grows with the number of processors.
Text read_large(const std::string& path);

}  // namespace farmhand::cpu
