// SPDX-License-Identifier: Apache-2.0
// What a host answers, as plain values. The host has checked it; a plugin may have overwritten the
// host, so every length and number is checked again here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/finding.hh"
#include "plugin/frame.hh"
#include "plugin/model.hh"

namespace farmhand {

struct ListedDevice {
  uint32_t handle;
  DeviceInfo info;  // without `plugin`
};

struct CallFailure {
  frame::Failure head;
  std::string text;

  // `device lost: no answer from 0000:03:00.0 (vendor code 7)`
  std::string sentence() const;
};

// Each takes a whole frame's content; nothing: malformed.
std::optional<std::vector<ListedDevice>> take_devices(std::string_view records);
std::optional<std::vector<MetricInfo>> take_metrics(std::string_view records);
// Unknown units and verdicts are mapped, times in the future become `now_ns`.
std::optional<std::vector<Finding>> take_findings(std::string_view records, uint64_t now_ns);
// The handle of each event's device beside it; kNoDevice: of none.
std::optional<std::vector<std::pair<uint32_t, PluginEvent>>> take_events(std::string_view records,
                                                                         uint64_t now_ns);
// Appends to `out`; times in the future become `now_ns`.
bool take_readings(std::string_view readings, uint64_t now_ns, std::vector<Sample>& out);
std::optional<CallFailure> take_failure(std::string_view content);

}  // namespace farmhand
