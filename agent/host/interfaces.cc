// SPDX-License-Identifier: Apache-2.0
#include "host/interfaces.hh"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "farmhand/devices.h"
#include "farmhand/diag.h"
#include "farmhand/events.h"
#include "farmhand/health.h"
#include "farmhand/jobenv.h"
#include "farmhand/reset.h"
#include "farmhand/slice.h"
#include "farmhand/telemetry.h"
#include "plugin/text.hh"

namespace farmhand::host {

namespace {

struct Standard {
  std::string_view id;
  uint32_t size;
};
constexpr Standard kStandard[] = {
    {FH_DEVICES_ID, sizeof(fh_devices)}, {FH_TELEMETRY_ID, sizeof(fh_telemetry)},
    {FH_HEALTH_ID, sizeof(fh_health)},   {FH_EVENTS_ID, sizeof(fh_events)},
    {FH_JOBENV_ID, sizeof(fh_jobenv)},   {FH_DIAG_ID, sizeof(fh_diag)},
    {FH_RESET_ID, sizeof(fh_reset)},     {FH_SLICE_ID, sizeof(fh_slices)}};

Error refused(std::string sentence) {
  return {Errc::kRefused, std::move(sentence)};
}

// What every table begins with; functions and nothing else follow.
struct Head {
  uint32_t struct_size;
  uint32_t reserved0;
};

Result<void> check_table(const void* table, const Standard& standard) {
  const std::string id(standard.id);
  const uint32_t size = static_cast<const Head*>(table)->struct_size;
  if (size != standard.size) {
    return refused("its table of " + id + " has the struct_size " + std::to_string(size) +
                   ", it must be " + std::to_string(standard.size) +
                   "; build it with the released headers");
  }
  const auto* const functions =
      reinterpret_cast<void* const*>(static_cast<const char*>(table) + sizeof(Head));
  for (size_t i = 0; i < (size - sizeof(Head)) / sizeof(void*); ++i) {
    if (functions[i] != nullptr) continue;
    return refused("its table of " + id + " lacks function number " + std::to_string(i + 1) +
                   "; offer all of an interface or none of it");
  }
  return {};
}

}  // namespace

Result<void> check_interfaces(const FindTable& find, const Expected& expected) {
  const auto is_listed = [&](std::string_view id) {
    return std::find(expected.interfaces.begin(), expected.interfaces.end(), id) !=
           expected.interfaces.end();
  };
  const auto is_standard = [](std::string_view id) {
    return std::any_of(std::begin(kStandard), std::end(kStandard),
                       [&](const Standard& each) { return each.id == id; });
  };
  for (const Standard& each : kStandard) {
    const void* const table = find(each.id);
    const bool listed = is_listed(each.id);
    if (table == nullptr && !listed) continue;
    if (table == nullptr || !listed) {
      return refused("the manifest " + std::string(listed ? "lists" : "does not list") + " " +
                     std::string(each.id) + ", the library " +
                     (listed ? "does not offer it" : "offers it") + "; write the manifest anew");
    }
    if (auto sound = check_table(table, each); !sound) return sound;
  }
  for (const std::string& id : expected.interfaces) {
    if (is_standard(id) || find(id) != nullptr) continue;
    return refused("the manifest lists " + cleaned_text(id, 128) +
                   ", the library does not offer it; write the manifest anew");
  }
  return {};
}

}  // namespace farmhand::host
