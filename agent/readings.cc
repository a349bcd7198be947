// SPDX-License-Identifier: Apache-2.0
#include "readings.hh"

#include "base/log.hh"

namespace farmhand {

namespace {

constexpr uint64_t kBatchTickMs = 500;  // half of what the batcher may collect

}  // namespace

Readings::Readings(Loop& loop, const Clock& clock, Outbox& outbox, IntervalRules rules)
    : inventory_(clock),
      telemetry_(clock, rules),
      batcher_(clock,
               [&outbox](std::string record) { return outbox.enqueue_relaxed(std::move(record)); }),
      sampler_(loop, clock, *this, rules),
      batch_timer_(loop) {
  batch_timer_.every(kBatchTickMs, [this] { batcher_.tick(); });
}

void Readings::connect(Supervisor& supervisor, Reporter& reporter, HealthLink& health) {
  supervisor_ = &supervisor;
  reporter_ = &reporter;
  health_ = &health;
  inventory_.on_change([&reporter, &health](const DeviceChange& change) {
    reporter.on_change(change);
    health.on_device_change(change);
  });
}

void Readings::set_rules(const IntervalRules& rules) {
  telemetry_.set_rules(rules);
  sampler_.set_rules(rules);
}

void Readings::stop() {
  sampler_.stop();
  batch_timer_.stop();
  batcher_.flush();
}

void Readings::on_devices(const std::string& plugin, const std::vector<DeviceInfo>& devices) {
  inventory_.on_devices(plugin, devices);
  health_->on_devices();
}

void Readings::on_metrics(const std::string& key, const std::vector<MetricInfo>& metrics) {
  const Device* device = inventory_.find(key);
  if (device == nullptr) return;
  const std::string& plugin = device->info.plugin;
  if (auto declared = telemetry_.on_metrics(plugin, key, metrics); !declared) {
    log::warn("not all metrics of a device are kept",
              {{"device", key}, {"why", declared.error().message}});
  }
  batcher_.on_metrics(plugin, key, metrics);
  sampler_.on_metrics(plugin, key, metrics);
  health_->on_metrics(device->info, metrics);
}

void Readings::on_samples(const std::string& key, std::span<const Sample> samples) {
  telemetry_.on_samples(key, samples);
  batcher_.on_samples(key, samples);
  sampler_.on_answered(key);
  health_->on_samples(key, samples);
}

void Readings::on_device_unknown(const std::string& key, const std::string& reason) {
  inventory_.on_device_unknown(key, reason);
  sampler_.on_device_unknown(key);
  batcher_.on_samples(key, telemetry_.on_device_unknown(key));
}

void Readings::on_device_back(const std::string& key) {
  inventory_.on_device_back(key);
  sampler_.on_device_back(key);
}

void Readings::on_plugin_state(const PluginStatus& status) {
  if (status.state == PluginState::kBackoff || status.state == PluginState::kRefused) {
    log::warn("plugin " + std::string(name_of(status.state)),
              {{"plugin", status.id}, {"why", status.last_error}});
  }
  if (reporter_ != nullptr) reporter_->on_plugin_state();
}

void Readings::on_findings(const std::string& plugin, const std::string& key,
                           std::span<const Finding> findings) {
  health_->on_findings(plugin, key, findings);
}

void Readings::on_check_failed(const std::string& plugin, const std::string& key, int32_t status,
                               const std::string& sentence) {
  health_->on_check_failed(plugin, key, status, sentence);
}

void Readings::on_event(const std::string& plugin, const PluginEvent& event) {
  reporter_->on_plugin_event(plugin, event);
  health_->on_event(plugin, event);
}

void Readings::sample(std::span<const SampleRequest> requests) {
  for (const SampleRequest& request : requests) {
    const std::string device(request.device);
    // Not to be had right now: the supervisor tells when it is.
    if (!supervisor_->sample(device, request.metrics)) sampler_.on_answered(device);
  }
}

}  // namespace farmhand
