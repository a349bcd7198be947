// SPDX-License-Identifier: Apache-2.0
// The node itself: its identity, kept in the state directory, and the facts a person asks first.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.hh"
#include "base/result.hh"

namespace farmhand {

// The UUID in `<state_dir>/node-id`, made at the first start. A file with anything else in it is an
// error: a new identity would make the coordinator see a new node.
Result<Uuid> load_node_id(const std::string& state_dir);

struct NodeFacts {
  std::string hostname;
  std::string os;            // os-release's PRETTY_NAME
  std::string kernel;        // uname -r
  std::string architecture;  // uname -m
  std::string cpu_model;
  uint32_t cpu_count = 0;     // online logical processors
  uint64_t memory_bytes = 0;  // MemTotal
  bool operator==(const NodeFacts&) const = default;
};

// What cannot be read stays empty or 0. `proc` and `etc` are the directories to read, for tests.
NodeFacts read_node_facts(const std::string& proc = "/proc", const std::string& etc = "/etc");

}  // namespace farmhand
