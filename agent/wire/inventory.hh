// SPDX-License-Identifier: Apache-2.0
// What a node is and holds, as it travels. The numbers of the enums are those of record.proto; one
// that is not known here decodes as the enum's unknown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wire/health.hh"

namespace farmhand::wire {

enum class DeviceKind : uint8_t { kUnspecified = 0, kAccelerator = 1, kNode = 2 };

enum class DeviceState : uint8_t {
  kUnspecified = 0,
  kManaged = 1,
  kUnmanaged = 2,     // on the bus, no driver or no interface
  kNoPermission = 3,  // there, but the plugin may not read it
  kUnknown = 4,       // it was there and nothing is known of it now: see `reason`
  kMissing = 5,       // it was there and is no longer enumerated
};

struct Peak {
  std::string dtype;
  double tera_ops = 0;  // 10^12 dense operations per second
  std::string source;
  bool operator==(const Peak&) const = default;
};

struct Device {
  std::string key;
  std::string plugin;
  std::string vendor;
  std::string model;
  std::string serial;
  std::string uuid;
  std::string pci;
  std::string firmware;
  std::string driver;
  std::string note;    // the plugin's sentence
  std::string reason;  // why the state is what it is
  DeviceKind kind = DeviceKind::kAccelerator;
  DeviceState state = DeviceState::kManaged;
  bool quarantined = false;
  uint64_t since_boottime_ns = 0;
  int32_t numa_node = -1;
  int32_t index = -1;
  uint64_t memory_bytes = 0;
  std::vector<Peak> peaks;
  Verdict verdict = Verdict::kUnspecified;  // no check has spoken
  HoldKind hold = HoldKind::kUnspecified;   // not held
  std::string hold_why = {};
  std::string hold_by = {};
  int64_t hold_since_realtime_ns = 0;
  bool operator==(const Device&) const = default;
};

enum class PluginHealth : uint8_t {
  kUnspecified = 0,
  kStarting = 1,
  kRunning = 2,
  kBackingOff = 3,
  kRefused = 4,  // not loaded: see `sentence`
  kStopped = 5,
};

struct PluginState {
  std::string id;
  std::string vendor;
  std::string version;
  PluginHealth health = PluginHealth::kUnspecified;
  std::string sentence;  // the last thing that went wrong
  uint32_t restarts = 0;
  uint32_t parked_hosts = 0;
  uint64_t boottime_ns = 0;
  bool operator==(const PluginState&) const = default;
};

struct Node {
  std::string hostname;
  std::string os;
  std::string kernel;
  std::string architecture;
  std::string cpu_model;
  uint32_t cpu_count = 0;
  uint64_t memory_bytes = 0;
  std::string agent_version;
  bool operator==(const Node&) const = default;
};

// A full snapshot: each replaces the one before it.
struct Inventory {
  uint64_t boottime_ns = 0;
  Node node;
  std::vector<Device> devices;
  std::vector<PluginState> plugins;
  bool operator==(const Inventory&) const = default;
};

}  // namespace farmhand::wire
