// SPDX-License-Identifier: Apache-2.0
// All rules over all devices' metrics. Which rule looks at which series is found once, when the
// metrics are declared; a sample that no rule looks at costs a look into one small table.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/check_file.hh"
#include "health/rule.hh"
#include "plugin/model.hh"

namespace farmhand {

class Rules {
 public:
  // `source` is `rule <name>`; `findings` all there is of it for the device.
  using Tell = std::function<void(const std::string& device, const std::string& source,
                                  std::span<const Finding> findings)>;

  explicit Rules(Tell tell) : tell_(std::move(tell)) {}

  // Rules that stay as they were keep what they know. Returns the sources that are no more.
  std::vector<std::string> set(std::vector<RuleDefinition> definitions, uint64_t now_ns);
  // A device's metrics, or its metrics anew. `interval_ns` is the agent's own interval, where a
  // metric has no wish.
  void declare(const DeviceInfo& device, const std::vector<MetricInfo>& metrics,
               uint64_t interval_ns);
  void remove(std::string_view device);
  void on_samples(std::string_view device, std::span<const Sample> samples);
  // About once a second: what only time tells; and each verdict again once a minute.
  void tick(uint64_t now_ns);

  size_t size() const { return definitions_.size(); }
  size_t watched() const;  // series with a rule

 private:
  static constexpr uint64_t kAgainNs = 60'000'000'000;

  struct Place {
    uint32_t rule;  // in Watched::rules
    bool is_while;  // the metric that says whether the rule's own should move
  };
  struct Watched {
    DeviceInfo info;
    std::vector<MetricInfo> metrics;
    uint64_t interval_ns = 0;
    std::vector<Rule> rules;
    std::vector<std::vector<Place>> places;  // a few
    std::vector<uint16_t> by_metric;         // MetricInfo::id to places, 0: no rule
  };
  void bind(Watched& watched);
  void watch(Watched& watched, uint32_t metric, Place place);
  void tell(const Watched& watched, const std::string& name, uint64_t now_ns) const;

  Tell tell_;
  std::vector<RuleDefinition> definitions_;
  std::map<std::string, Watched, std::less<>> devices_;
  uint64_t again_ns_ = 0;
};

}  // namespace farmhand
