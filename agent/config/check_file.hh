// SPDX-License-Identifier: Apache-2.0
// Check files: what an operator wants watched. Every *.toml of the check directories; a file of the
// same name in a later directory masks the earlier one.
//
//   [[command]]                       # any program of the monitoring-plugins' kind
//   name = "disk"
//   argv = ["/usr/lib/nagios/plugins/check_disk", "-w", "10%", "-c", "5%", "-p", "/"]
//   interval = "60s"                  # 1 s at least
//   timeout = "10s"                   # no longer than the interval
//   user = "nobody"                   # absent: the agent's own
//   output_max = "64KiB"
//   vendor = "furiosa"                # with vendor, model or device: once for each such device
//   env = { LANG = "C" }
//   reason = "node.disk_full"         # absent: node.check_failed
//   action = "Free some space."       # absent: the catalogue's
//
//   [[rule]]                          # over a metric, of every device that has it
//   name = "hot"
//   metric = "temperature"
//   unit = "°C"                       # refused to be compared with another unit
//   warn_above = 85                   # also: fail_above, warn_below, fail_below
//   warn_rate = 1                     # per second, as a mean of `over`; also: fail_rate
//   over = "60s"
//   stuck_for = "5m"                  # the value does not move for so long: fail
//   while_metric = "utilization"      # …counted only while this one
//   while_above = 50                  # is above that
//   for = "30s"                       # how long it has to hold
//   clear = 5                         # how far back it has to go to be well again
//   reason = "temperature.high"
//   action = "…"
//
// A bad definition is refused alone, with its line and reason; the others run.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace farmhand {

// Which devices: `*` ends a prefix; empty: any.
struct DeviceFilter {
  std::string vendor;
  std::string model;
  std::string device;  // its key
  bool any() const { return vendor.empty() && model.empty() && device.empty(); }
  bool matches(std::string_view of_vendor, std::string_view of_model, std::string_view key) const;
  bool operator==(const DeviceFilter&) const = default;
};

struct CommandDefinition {
  std::string name;
  std::vector<std::string> argv;
  std::chrono::milliseconds interval{60'000};
  std::chrono::milliseconds timeout{10'000};
  std::string user;
  uint64_t output_max = 64 * 1024;
  DeviceFilter filter;  // any: of the node, once
  std::vector<std::pair<std::string, std::string>> env;
  std::string reason = "node.check_failed";
  std::string action;
  bool operator==(const CommandDefinition&) const = default;
};

struct RuleDefinition {
  std::string name;
  std::string metric;
  std::string unit;  // its symbol; empty: not stated
  DeviceFilter filter;
  std::optional<double> warn_above, fail_above;
  std::optional<double> warn_below, fail_below;
  std::optional<double> warn_rate, fail_rate;  // above; per second
  std::chrono::milliseconds over{60'000};
  std::optional<std::chrono::milliseconds> stuck_for;
  std::string while_metric;
  double while_above = 0;
  std::chrono::milliseconds hold{0};  // `for`
  double clear = 0;
  std::string reason;
  std::string action;
  bool operator==(const RuleDefinition&) const = default;
};

// A definition, or a whole file (`name` empty), that is not used, and why.
struct RefusedCheck {
  std::string file;
  uint32_t line = 0;  // 0: the file as a whole
  std::string name;
  std::string why;
  std::string sentence() const;  // `file:line: why`
  bool operator==(const RefusedCheck&) const = default;
};

struct CheckDefinitions {
  std::vector<CommandDefinition> commands;
  std::vector<RuleDefinition> rules;
  std::vector<RefusedCheck> refused;
};

// Of one file's text; whether programs and users exist is not asked here.
void parse_checks(std::string_view text, const std::string& path, CheckDefinitions& out);

// Of all the directories. A directory that is not there holds no checks. Programs that are absent
// or not executable, users that do not exist, and names given twice are refused here.
CheckDefinitions load_checks(const std::vector<std::string>& directories);

}  // namespace farmhand
