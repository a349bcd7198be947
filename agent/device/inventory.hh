// SPDX-License-Identifier: Apache-2.0
// Which devices the node has, by key, as the plugins report them. A device that stops being
// reported is `missing`, one that cannot be read is `unknown`, each with its reason; neither is
// ever taken off silently. One key belongs to one plugin: the first that reported it, until it is
// missing there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "plugin/model.hh"

namespace farmhand {

enum class Presence : uint8_t { kManaged, kUnmanaged, kNoPermission, kUnknown, kMissing };
std::string_view name_of(Presence presence);

struct Device {
  DeviceInfo info;
  Presence presence = Presence::kManaged;
  std::string reason;          // why it is not managed; else empty
  uint64_t first_seen_ns = 0;  // boottime; 0: expected, not seen since the agent started
  uint64_t last_seen_ns = 0;
  uint64_t since_ns = 0;  // when `presence` last changed
};

// One key reported by a second plugin. It stays until that plugin no longer reports it.
struct DeviceConflict {
  std::string key;
  std::string owner;    // the plugin that keeps it
  std::string refused;  // the plugin that reported it later
};

struct DeviceChange {
  enum class Kind : uint8_t {
    kAppeared,
    kReturned,  // missing before
    kMissing,
    kUnknown,
    kBack,        // unknown before
    kState,       // managed, unmanaged, no_permission: one became another
    kRenumbered,  // the vendor's index changed, the device did not
    kIdentity,    // firmware, driver, model, peaks, … changed
    kConflict,
  };
  Kind kind = Kind::kAppeared;
  std::string key;
  std::string sentence;  // for the operator
};
std::string_view name_of(DeviceChange::Kind kind);

class Inventory {
 public:
  explicit Inventory(const Clock& clock) : clock_(clock) {}

  // Called with each change after it is in effect. One listener: the agent. It may read the
  // inventory and not change it.
  void on_change(std::function<void(const DeviceChange&)> listener);

  // The whole list of one plugin. Devices it reported before and not now are missing. Devices that
  // another plugin owns are refused.
  void on_devices(std::string_view plugin, const std::vector<DeviceInfo>& devices);
  void on_device_unknown(std::string_view key, std::string_view reason);
  void on_device_back(std::string_view key);
  // A plugin that ended for good or was taken out of the configuration: its devices are unknown.
  void on_plugin_gone(std::string_view plugin, std::string_view reason);

  // A device known from an earlier life of the agent: missing until it is reported.
  void expect(const DeviceInfo& info);
  // The operator took it out. True when there was one.
  bool forget(std::string_view key);

  const Device* find(std::string_view key) const;
  bool owns(std::string_view plugin, std::string_view key) const;
  const std::map<std::string, Device, std::less<>>& devices() const { return devices_; }
  const std::vector<DeviceConflict>& conflicts() const { return conflicts_; }
  // Grows with each change: tells whether a snapshot is still the newest.
  uint64_t generation() const { return generation_; }

 private:
  void take(std::string_view plugin, const DeviceInfo& info, uint64_t now_ns);
  void update(Device& device, std::string_view plugin, const DeviceInfo& info, uint64_t now_ns);
  void refuse(const Device& owner, std::string_view plugin,
              const std::vector<DeviceConflict>& before);
  void move_to(Device& device, Presence presence, std::string_view reason, DeviceChange::Kind kind);
  void tell(DeviceChange::Kind kind, const std::string& key, std::string sentence);

  const Clock& clock_;
  std::function<void(const DeviceChange&)> listener_;
  std::map<std::string, Device, std::less<>> devices_;
  std::vector<DeviceConflict> conflicts_;
  uint64_t generation_ = 0;
};

}  // namespace farmhand
