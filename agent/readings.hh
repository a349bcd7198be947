// SPDX-License-Identifier: Apache-2.0
// The way of a reading through the agent: the sampler asks, the supervisor answers, and each answer
// goes to the inventory, the series of the last hour and the batcher of lane 4.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "device/inventory.hh"
#include "health_link.hh"
#include "loop/timer.hh"
#include "outbox/outbox.hh"
#include "plugin/sample_source.hh"
#include "plugin/supervisor.hh"
#include "reporter.hh"
#include "telemetry/batcher.hh"
#include "telemetry/sampler.hh"
#include "telemetry/telemetry.hh"

namespace farmhand {

class Readings final : public Supervisor::Listener, private SampleSource {
 public:
  Readings(Loop& loop, const Clock& clock, Outbox& outbox, IntervalRules rules);

  // The two that are born later; before this nothing is asked or reported.
  void connect(Supervisor& supervisor, Reporter& reporter, HealthLink& health);

  void set_rules(const IntervalRules& rules);
  void redeclare() { batcher_.redeclare(); }  // a new session or epoch: the tables are told again
  void stop();                                // asks no more, and hands on what was collected

  Inventory& inventory() { return inventory_; }
  const Telemetry& telemetry() const { return telemetry_; }

 private:
  void on_devices(const std::string& plugin, const std::vector<DeviceInfo>& devices) override;
  void on_metrics(const std::string& key, const std::vector<MetricInfo>& metrics) override;
  void on_samples(const std::string& key, std::span<const Sample> samples) override;
  void on_device_unknown(const std::string& key, const std::string& reason) override;
  void on_device_back(const std::string& key) override;
  void on_plugin_state(const PluginStatus& status) override;
  void on_findings(const std::string& plugin, const std::string& key,
                   std::span<const Finding> findings) override;
  void on_check_failed(const std::string& plugin, const std::string& key, int32_t status,
                       const std::string& sentence) override;
  void on_event(const std::string& plugin, const PluginEvent& event) override;
  void sample(std::span<const SampleRequest> requests) override;

  Inventory inventory_;
  Telemetry telemetry_;
  Batcher batcher_;
  Sampler sampler_;
  Timer batch_timer_;
  Supervisor* supervisor_ = nullptr;
  Reporter* reporter_ = nullptr;
  HealthLink* health_ = nullptr;
};

}  // namespace farmhand
