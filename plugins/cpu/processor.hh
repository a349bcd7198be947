// SPDX-License-Identifier: Apache-2.0
// One package as a device: its series, its checks, and what it remembers between looks.
#pragma once

#include <farmhand/hwmon.hh>
#include <farmhand/series.hh>
#include <farmhand/watch.hh>
#include <map>
#include <string>

#include "energy.hh"
#include "topology.hh"

namespace farmhand::cpu {

class Processor {
 public:
  // `packages` is how many there are: some files can be attributed only where there is one.
  Processor(uint32_t handle, Root root, Package package, size_t packages);

  uint32_t handle() const { return handle_; }
  const Package& package() const { return package_; }

  void declare(Call& call);
  void sample(Call& call, std::span<const uint32_t> ids);
  void check(Call& call);

 private:
  void look();
  void add_load();
  void add_sensors();
  void add_energy();
  void add_errors();

  std::string cpu_folder(int32_t cpu) const;
  std::vector<Sensor> find_sensors() const;
  Reading busy_ns() const;
  Reading clock() const;
  Reading memory(std::string_view key) const;
  Reading throttle_count() const;
  Reading machine_checks() const;
  Reading memory_errors(std::string_view file) const;
  void check_growth(Call& call, const char* check, const char* reason, int32_t verdict,
                    const Reading& now, const char* sentence, double many = 1);

  const uint32_t handle_;
  const Root root_;
  const Package package_;
  const size_t packages_;
  SeriesTable series_;
  std::vector<Sensor> sensors_;
  BusyTime busy_;
  Energy energy_, memory_energy_;
  std::map<std::string, Growth> growths_;
};

}  // namespace farmhand::cpu
