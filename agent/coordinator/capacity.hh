// SPDX-License-Identifier: Apache-2.0
// What the farm was bought for: peak tera-ops, installed and available, per partition, vendor and
// dtype, each with the number of devices behind it and where the figure comes from. A device
// without a peak figure is listed as unknown; it is never counted as zero.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "coordinator/rows.hh"

namespace farmhand::coordinator {

class Capacity {
 public:
  // `available`: managed, not quarantined, its node in session.
  void add(const DeviceRow& row, bool node_live);
  std::string json(double target_petaflops) const;

 private:
  struct Sum {
    uint64_t devices = 0;
    uint64_t available_devices = 0;
    double installed = 0;  // tera-ops
    double available = 0;
    std::set<std::string> sources;
  };
  using Key = std::tuple<std::string, std::string, std::string>;  // partition, vendor, dtype

  std::map<Key, Sum> sums_;
  std::map<std::string, Sum> totals_;  // by dtype
  std::vector<DeviceRow> unknown_;
  uint64_t devices_ = 0;
  uint64_t available_devices_ = 0;
};

bool is_available(const DeviceRow& row, bool node_live);

}  // namespace farmhand::coordinator
