// SPDX-License-Identifier: Apache-2.0
#include "check.hh"

namespace farmhand::node {

Checks node_checks(const Roots& roots, const Settings& settings) {
  Checks checks;
  checks.push_back(space_check(roots, settings));
  checks.push_back(read_only_check(roots, settings));
  checks.push_back(disk_check(roots));
  checks.push_back(memory_check(roots, settings));
  checks.push_back(pressure_check(roots, settings));
  checks.push_back(oom_check(roots));
  checks.push_back(load_check(roots, settings));
  checks.push_back(clock_check(roots, settings));
  checks.push_back(reboot_check(roots));
  checks.push_back(kernel_check(roots));
  checks.push_back(link_check(roots, settings));
  checks.push_back(fabric_check(roots));
  checks.push_back(sensor_check(roots, settings));
  checks.push_back(throttle_check(roots));
  checks.push_back(memory_error_check(roots));
  checks.push_back(bus_error_check(roots));
  // Last: it alone asks another process.
  checks.push_back(unit_check(roots, settings));
  return checks;
}

}  // namespace farmhand::node
