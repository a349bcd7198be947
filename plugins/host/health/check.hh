// SPDX-License-Identifier: Apache-2.0
// A check of the node. Each states what it sees now; that a short spike is none is the agent's
// business. What is not there on this node is no check; what is there and cannot be read is
// unknown.
#pragma once

#include <farmhand/settings.hh>
#include <farmhand/worst.hh>
#include <memory>
#include <string>
#include <vector>

#include "source.hh"

namespace farmhand::node {

// Used by one call at a time, and by nothing else.
class Check {
 public:
  virtual ~Check() = default;
  // Emits its verdicts, always under the same names.
  virtual void look(Call& call) = 0;
};

using Checks = std::vector<std::unique_ptr<Check>>;

std::unique_ptr<Check> space_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> read_only_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> disk_check(const Roots& roots);
std::unique_ptr<Check> memory_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> pressure_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> oom_check(const Roots& roots);
std::unique_ptr<Check> load_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> clock_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> unit_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> reboot_check(const Roots& roots);
std::unique_ptr<Check> kernel_check(const Roots& roots);
std::unique_ptr<Check> link_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> fabric_check(const Roots& roots);
std::unique_ptr<Check> sensor_check(const Roots& roots, const Settings& settings);
std::unique_ptr<Check> throttle_check(const Roots& roots);
std::unique_ptr<Check> memory_error_check(const Roots& roots);
std::unique_ptr<Check> bus_error_check(const Roots& roots);

// All of them, as the settings want them.
Checks node_checks(const Roots& roots, const Settings& settings);

}  // namespace farmhand::node
