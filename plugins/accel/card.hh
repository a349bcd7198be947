// SPDX-License-Identifier: Apache-2.0
// One device: its series and what it remembers from one look to the next. Used by one call at a
// time, as the host promises for a device.
#pragma once

#include <farmhand/hwmon.hh>
#include <farmhand/series.hh>
#include <farmhand/watch.hh>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "finder.hh"

namespace farmhand::accel {

struct CardOptions {
  bool link_rests = false;  // the card lowers its link's speed when idle
};

class Card {
 public:
  Card(uint32_t handle, Found found, CardOptions options)
      : handle_(handle), found_(std::move(found)), options_(options) {}

  const Found& found() const { return found_; }
  uint32_t handle() const { return handle_; }

  // Throws FH_E_DEVICE_LOST once the device's folder is gone.
  void require_present() const;

  void declare(Call& call);
  void sample(Call& call, std::span<const uint32_t> ids);
  void check(Call& call);

 private:
  void look();
  void add_files();
  void add_link();
  void add_sensors();
  void add_wholes(const std::vector<Sensor>& sensors);
  std::string file(std::string_view name, bool in_class) const;

  void check_driver(Call& call) const;
  void check_link(Call& call) const;
  void check_errors(Call& call);
  void check_temperature(Call& call) const;
  void check_counters(Call& call);
  void check_heartbeat(Call& call);

  const uint32_t handle_;
  const Found found_;
  const CardOptions options_;
  SeriesTable series_;
  BusyTime busy_time_;
  Heartbeat heartbeat_;
  std::map<std::string, Growth> growths_;
};

}  // namespace farmhand::accel
