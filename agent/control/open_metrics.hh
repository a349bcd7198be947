// SPDX-License-Identifier: Apache-2.0
// The /metrics page. Names follow Prometheus: base units in the name, ratios instead of percent,
// `_total` for counters. What is not known now, a stale reading included, is left out: Prometheus
// must not see an old value as a new one.
//
//   farmhand_device_…  what accelerators measure; labels vendor, model, device, pci, partition
//   farmhand_node_…    what the node measures; no such labels, the scrape adds the instance
//   farmhand_agent_… farmhand_queue_… farmhand_plugin_…  the agent itself
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/exposition.hh"
#include "control/view.hh"

namespace farmhand {

class MetricsPage {
 public:
  explicit MetricsPage(const StatusView& view) : view_(view) {}

  // Good until the next call. One string is reused, so a scrape costs no large allocation.
  const std::string& rendered(MetricsFormat format);

 private:
  // A family of measured series, made once per metric name and kept.
  struct Family {
    std::string name;
    std::string_view unit;
    std::string help;
    FamilyType type;
    double scale;
  };
  struct Row {
    const Family* family;
    const Device* device;
    const DeviceSeries* series;
    size_t index;  // kEnergy: the integrated energy of the device
  };
  static constexpr size_t kEnergy = SIZE_MAX;

  void collect(const DeviceSeries& series);
  const Family& family_of(const MetricInfo& metric, DeviceKind kind);
  void write_series(Exposition& page);
  void write_row(Exposition& page, const Row& row);

  const StatusView& view_;
  CoordinatorView coordinator_;
  std::string page_;
  std::map<std::string, Family, std::less<>> families_;  // by prefix, name, unit and kind
  std::vector<Row> rows_;
};

// The labels that say which device: nothing for the node itself.
void label_device(Exposition& page, const Device& device, const std::string& partition);

// The agent, its queue, its plugins and the state of its devices.
void write_agent(Exposition& page, const StatusView& view, const CoordinatorView& coordinator);
void write_queue(Exposition& page, const OutboxStats& queue);
void write_plugins(Exposition& page, const std::vector<PluginStatus>& plugins);
void write_devices(Exposition& page, const StatusView& view, const CoordinatorView& coordinator);
void write_health(Exposition& page, const StatusView& view, const CoordinatorView& coordinator);

// A name that `write_health` takes among those of devices.
bool is_health_family(std::string_view name);
// A name that `write_devices` takes: a plugin's metric that would be called so steps aside.
bool is_device_family(std::string_view name);

}  // namespace farmhand
