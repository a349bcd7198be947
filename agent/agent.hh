// SPDX-License-Identifier: Apache-2.0
// The agent: its parts in the order of their birth, and the three things that happen to it: a
// start, a reload, a stop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "base/file.hh"
#include "base/result.hh"
#include "config/agent_config.hh"
#include "control/open_metrics.hh"
#include "control/server.hh"
#include "control/verbs.hh"
#include "farm_link.hh"
#include "health/past.hh"
#include "health_link.hh"
#include "loop/loop.hh"
#include "loop/timer.hh"
#include "loop/turn_watch.hh"
#include "loop/wakeup.hh"
#include "net/context.hh"
#include "net/server.hh"
#include "notify.hh"
#include "outbox/outbox.hh"
#include "plugin/supervisor.hh"
#include "readings.hh"
#include "reporter.hh"
#include "store/state.hh"
#include "store/thread.hh"

namespace farmhand {

// Where the configuration comes from: read again at each reload.
struct ConfigSource {
  std::string path = "/etc/farmhand/agent.toml";
  std::optional<std::string> conf_d;  // absent: conf.d beside the file
  std::string state_dir;              // not empty: instead of [paths] state_dir
  std::string runtime_dir;

  Result<AgentConfig> load() const;
};

class Agent {
 public:
  // The whole, running on `loop`, or the reason. `loop.run()` returns once it has stopped.
  static Result<std::unique_ptr<Agent>> create(Loop& loop, ConfigSource source, AgentConfig config);
  ~Agent();

 private:
  Agent(Loop& loop, ConfigSource source, AgentConfig config);
  Result<void> open_state();
  Result<void> open_network();
  void build_parts();
  Result<void> open_doors();
  void load_plugins();
  Result<void> load_plugin(const std::string& manifest_path);
  void serve_metrics();
  void watch();

  void reload();
  void apply_plugins(const AgentConfig& before);
  void stop();
  void close_when_flushed();

  PluginSettings settings_of(const std::string& plugin) const;

  Loop& loop_;
  SystemClock clock_;
  ConfigSource source_;
  AgentConfig config_;
  std::string boot_id_;
  Uuid node_;
  Fd state_lock_;

  TurnWatch turns_;

  // In the order of their birth; they end in reverse.
  std::optional<StateFile> state_;
  std::optional<StateEpochStore> epochs_;
  HealthPast health_past_;  // until health_ has it
  std::unique_ptr<net::Context> net_;
  std::optional<StoreThread> store_;
  std::optional<Outbox> outbox_;
  std::optional<Readings> readings_;
  std::optional<HealthLink> health_;
  std::optional<Supervisor> supervisor_;
  std::optional<Reporter> reporter_;
  std::optional<FarmLink> farm_;
  std::optional<StatusView> view_;
  std::optional<Verbs> verbs_;
  std::unique_ptr<ControlServer> control_;
  std::optional<MetricsPage> metrics_page_;
  std::unique_ptr<net::Server> metrics_server_;

  Notify notify_;
  Timer watchdog_;
  Timer last_resort_;
  std::vector<SignalWatch> signals_;
  bool stopping_ = false;
};

}  // namespace farmhand
