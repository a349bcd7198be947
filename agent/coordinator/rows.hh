// SPDX-License-Identifier: Apache-2.0
// What the store's questions answer: plain rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.hh"
#include "coordinator/readings.hh"
#include "coordinator/scope.hh"
#include "wire/inventory.hh"
#include "wire/telemetry.hh"

namespace farmhand::coordinator {

struct NodeRow {
  int64_t id = 0;
  Uuid uuid;
  std::string hostname;
  std::string cloud;
  std::vector<std::string> vendors;
  std::string banned_boot_id;
  int64_t enrolled_ns = 0;
  int64_t last_seen_ns = 0;
  std::string agent_version;
  std::string boot_id;
  std::string os, kernel, architecture, cpu_model;
  int64_t cpu_count = 0;
  int64_t memory_bytes = 0;
};

struct DeviceRow {
  int64_t node_id = 0;
  Uuid node;
  std::string hostname;
  std::string partition;
  wire::Device device;
  bool present = true;
  int64_t first_seen_ns = 0;
  int64_t last_seen_ns = 0;
};

// The last readings of one device.
struct MetricsRow {
  int64_t node_id = 0;
  Uuid node;
  std::string hostname;
  std::string partition;
  wire::MetricTable table;
  Readings readings;
};

// The last event of a device or node.
struct HealthRow {
  int64_t node_id = 0;
  Uuid node;
  std::string hostname;
  std::string plugin, device;  // empty: the node
  int severity = 0;
  std::string reason, sentence;
  int64_t wall_ns = 0;
  int64_t total = 0;
};

// What one check of a device or node concluded last.
struct CheckRow {
  int64_t node_id = 0;
  std::string device;  // empty: the node
  std::string check, source;
  wire::Verdict verdict = wire::Verdict::kUnknown;
  std::string reason, sentence, action;
  std::string evidence;  // JSON
  int64_t since_ns = 0;
};

struct TransitionRow {
  Uuid uuid;
  Uuid node;
  std::string hostname;
  std::string partition;
  CheckRow check;  // after it; `since_ns` is when it happened
  wire::Verdict from = wire::Verdict::kUnspecified;
  int64_t count = 1;
};

// A device or node that failed again and again.
struct OffenderRow {
  Uuid node;
  std::string hostname;
  std::string device;
  std::string partition;
  std::string reason;
  int64_t failures = 0;
  int64_t last_ns = 0;
};

struct CommandRow {
  Uuid uuid;
  int64_t node_id = 0;
  Uuid node;
  std::string partition;
  std::string payload, signature, key_id;
  std::string state;  // pending, acked, ok, failed, refused, expired, unsupported
  std::string sentence;
  int64_t created_ns = 0;
  int64_t finished_ns = 0;
};

struct TokenRow {
  int64_t id = 0;
  Role role = Role::kViewer;
  std::string partition;
  std::string cloud;
  std::vector<std::string> vendors;
  std::string note;
  int64_t uses_left = -1;
  int64_t created_ns = 0;
  int64_t expires_ns = 0;  // 0: never
  bool revoked = false;
};

}  // namespace farmhand::coordinator
