// SPDX-License-Identifier: Apache-2.0
// Health among the agent's parts: plugins are asked for their findings in turn, rules see the
// readings, commands run, and what changed goes to lane 1.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "config/agent_config.hh"
#include "health/command_checks.hh"
#include "health/health.hh"
#include "health/past.hh"
#include "health/rules.hh"
#include "health/schedule.hh"
#include "loop/timer.hh"
#include "outbox/outbox.hh"
#include "plugin/supervisor.hh"

namespace farmhand {

class HealthLink final : private CommandChecks::Listener {
 public:
  struct Parts {
    Loop& loop;
    const Clock& clock;
    StoreThread& store;
    StateFile& state;
    Outbox& outbox;
    const Inventory& inventory;
  };
  HealthLink(Parts parts, const AgentConfig& config, const Uuid& node, HealthPast past);

  // The supervisor is born later; before this no plugin is asked.
  void start(Supervisor& supervisor);
  void apply(const AgentConfig& config);  // also reads the check files again
  void stop();

  Health& health() { return health_; }

  void on_devices();
  void on_metrics(const DeviceInfo& device, const std::vector<MetricInfo>& metrics);
  void on_samples(const std::string& key, std::span<const Sample> samples);
  void on_device_change(const DeviceChange& change);
  void on_findings(const std::string& plugin, const std::string& key,
                   std::span<const Finding> findings);
  void on_check_failed(const std::string& plugin, const std::string& key, int32_t status,
                       const std::string& sentence);
  void on_event(const std::string& plugin, const PluginEvent& event);

 private:
  struct Asked {
    std::string plugin;
    std::string key;  // empty: driver and library
  };
  void on_finding(const std::string& subject, const std::string& source,
                  const Finding& finding) override;
  void on_source_gone(const std::string& source) override;
  Health::Doors doors();
  void ask_due();
  void ask(const std::string& name);
  void wait();
  void tick();

  Parts parts_;
  Supervisor* supervisor_ = nullptr;
  uint64_t interval_ns_ = 0;  // [telemetry] interval
  Health health_;
  Rules rules_;
  CommandChecks commands_;
  CheckSchedule schedule_;
  std::map<std::string, Asked, std::less<>> asked_;
  Timer due_;
  Timer tick_;
};

}  // namespace farmhand
