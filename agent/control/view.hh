// SPDX-License-Identifier: Apache-2.0
// What the control socket and /metrics may look at: the agent's parts, read only. The agent fills
// it when its parts are built; everything here outlives the servers that read it. A question that
// has no one to answer it is empty and shows as unknown.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "base/ids.hh"
#include "base/result.hh"
#include "device/inventory.hh"
#include "health/health.hh"
#include "loop/turn_watch.hh"
#include "outbox/stats.hh"
#include "plugin/status.hh"
#include "sync/uplink.hh"
#include "telemetry/self_cost.hh"
#include "telemetry/telemetry.hh"
#include "wire/record.hh"

namespace farmhand {

struct AgentFacts {
  std::string version;
  Uuid node;
  std::string node_name;
  std::string boot_id;
  std::string state_dir;
  std::string runtime_dir;
  std::string config_path;
  std::string metrics_address;  // host:port of /metrics; empty: not served
  uint64_t started_ns = 0;      // boottime
};

// The coordinator as this node knows it.
struct CoordinatorView {
  std::string url;                      // empty: the node stands alone
  bool enrolled = false;                // a credential or a client certificate is there
  std::string cloud;                    // as enrolled
  std::vector<std::string> partitions;  // `cloud-vendor`, lower case
  std::optional<UplinkStatus> uplink;   // none: no session is even tried
  std::string problem;                  // a sentence, when something keeps us from trying
};

struct EnrollRequest {
  std::string url;
  std::string token;
  std::string ca_file;
};

struct Enrolled {
  std::string url;
  std::string cloud;
  std::vector<std::string> vendors;
  std::vector<std::string> partitions;
};

// What a person does to a device by hand.
struct DeviceAct {
  enum class Kind { kCordon, kUncordon, kDrain, kQuiesce, kResume, kForget } kind = Kind::kCordon;
  std::string key;
  std::string why;
  std::string who;
};

struct HealthView {
  std::function<std::vector<SubjectHealth>()> subjects;
  std::function<std::vector<RefusedCheck>()> refused;
  std::function<Result<void>(std::string_view key)> may_lease;  // the error says why not
  std::function<void(HistoryQuery, std::function<void(Result<std::vector<Transition>>)>)> history;
  std::function<void(const DeviceAct&, std::function<void(Result<void>)>)> act;
};

// All of it, answered by `health`, which outlives the view.
HealthView health_view_of(Health& health);

struct StatusView {
  AgentFacts facts;
  const Clock& clock;
  const Inventory& inventory;
  const Telemetry& telemetry;
  std::function<std::vector<PluginStatus>()> plugins;
  std::function<OutboxStats()> queue;
  std::function<CoordinatorView()> coordinator;
  std::function<std::string()> config;  // render_effective
  std::function<void(const EnrollRequest&, std::function<void(Result<Enrolled>)>)> enroll;
  std::function<void(wire::Event, std::function<void(Result<uint64_t> seq)>)> add_event;
  HealthView health = {};
  const TurnWatch* turns = nullptr;  // of the loop
  std::function<Result<SelfCost>()> self_cost = read_self_cost;
};

// The wall a device stands inside, as far as this node can tell; empty when it was not enrolled for
// the vendor. The coordinator derives its own and does not ask.
std::string partition_of(const CoordinatorView& coordinator, const std::string& vendor);

}  // namespace farmhand
