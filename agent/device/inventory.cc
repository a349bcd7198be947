// SPDX-License-Identifier: Apache-2.0
#include "device/inventory.hh"

#include <algorithm>
#include <utility>

namespace farmhand {

namespace {

Presence presence_from(DeviceState state) {
  switch (state) {
    case DeviceState::kManaged:
      return Presence::kManaged;
    case DeviceState::kUnmanaged:
      return Presence::kUnmanaged;
    case DeviceState::kNoPermission:
      return Presence::kNoPermission;
  }
  return Presence::kUnmanaged;
}

// What is shown beside a state that the plugin reported.
std::string reason_from(const DeviceInfo& info) {
  if (info.state == DeviceState::kManaged) return "";
  if (!info.note.empty()) return info.note;
  return info.state == DeviceState::kUnmanaged ? "no driver or no interface answers"
                                               : "the plugin may not read it";
}

// The same but for what has a change of its own: the number, the state and its note.
bool same_identity(DeviceInfo a, const DeviceInfo& b) {
  a.index = b.index;
  a.state = b.state;
  a.note = b.note;
  return a == b;
}

}  // namespace

std::string_view name_of(Presence presence) {
  switch (presence) {
    case Presence::kManaged:
      return "managed";
    case Presence::kUnmanaged:
      return "unmanaged";
    case Presence::kNoPermission:
      return "no_permission";
    case Presence::kUnknown:
      return "unknown";
    case Presence::kMissing:
      return "missing";
  }
  return "unknown";
}

std::string_view name_of(DeviceChange::Kind kind) {
  switch (kind) {
    case DeviceChange::Kind::kAppeared:
      return "appeared";
    case DeviceChange::Kind::kReturned:
      return "returned";
    case DeviceChange::Kind::kMissing:
      return "missing";
    case DeviceChange::Kind::kUnknown:
      return "unknown";
    case DeviceChange::Kind::kBack:
      return "back";
    case DeviceChange::Kind::kState:
      return "state";
    case DeviceChange::Kind::kRenumbered:
      return "renumbered";
    case DeviceChange::Kind::kIdentity:
      return "identity";
    case DeviceChange::Kind::kConflict:
      return "conflict";
  }
  return "unknown";
}

void Inventory::on_change(std::function<void(const DeviceChange&)> listener) {
  listener_ = std::move(listener);
}

void Inventory::on_devices(std::string_view plugin, const std::vector<DeviceInfo>& devices) {
  const uint64_t now_ns = clock_.boottime_ns();
  const auto known_conflicts = conflicts_;
  std::erase_if(conflicts_, [&](const DeviceConflict& c) { return c.refused == plugin; });
  for (const DeviceInfo& info : devices) {
    const Device* const owner = find(info.key);
    const bool foreign = owner != nullptr && owner->info.plugin != plugin;
    if (foreign && owner->presence != Presence::kMissing) {
      refuse(*owner, plugin, known_conflicts);
    } else {
      take(plugin, info, now_ns);
    }
  }
  for (auto& [key, device] : devices_) {
    if (device.info.plugin != plugin || device.presence == Presence::kMissing) continue;
    const bool reported = std::any_of(devices.begin(), devices.end(),
                                      [&](const DeviceInfo& info) { return info.key == key; });
    if (!reported) {
      move_to(device, Presence::kMissing,
              "plugin '" + std::string(plugin) + "' no longer reports it",
              DeviceChange::Kind::kMissing);
    }
  }
}

void Inventory::take(std::string_view plugin, const DeviceInfo& info, uint64_t now_ns) {
  const auto known = devices_.find(info.key);
  if (known != devices_.end()) return update(known->second, plugin, info, now_ns);
  Device device{info, presence_from(info.state), reason_from(info), now_ns, now_ns, now_ns};
  device.info.plugin = plugin;
  devices_.emplace(info.key, std::move(device));
  tell(DeviceChange::Kind::kAppeared, info.key,
       "device '" + info.key + "' (" + info.vendor + ' ' + info.model + ") appeared");
}

void Inventory::update(Device& device, std::string_view plugin, const DeviceInfo& info,
                       uint64_t now_ns) {
  const DeviceInfo before = std::exchange(device.info, info);
  device.info.plugin = plugin;
  device.last_seen_ns = now_ns;
  if (device.first_seen_ns == 0) device.first_seen_ns = now_ns;
  if (before.index != info.index) {
    tell(DeviceChange::Kind::kRenumbered, info.key,
         "device '" + info.key + "' is now number " + std::to_string(info.index) + ", it was " +
             std::to_string(before.index));
  }
  if (!same_identity(before, device.info)) {
    tell(DeviceChange::Kind::kIdentity, info.key,
         "what device '" + info.key + "' says of itself changed");
  }
  // A device that cannot be read stays unknown: being listed is not being readable.
  if (device.presence == Presence::kUnknown) return;
  const Presence reported = presence_from(info.state);
  if (device.presence == Presence::kMissing) {
    move_to(device, reported, reason_from(info), DeviceChange::Kind::kReturned);
  } else if (device.presence != reported || device.reason != reason_from(info)) {
    move_to(device, reported, reason_from(info), DeviceChange::Kind::kState);
  }
}

void Inventory::refuse(const Device& owner, std::string_view plugin,
                       const std::vector<DeviceConflict>& before) {
  DeviceConflict conflict{owner.info.key, owner.info.plugin, std::string(plugin)};
  const bool told = std::any_of(before.begin(), before.end(), [&](const DeviceConflict& c) {
    return c.key == conflict.key && c.owner == conflict.owner && c.refused == conflict.refused;
  });
  conflicts_.push_back(conflict);
  if (told) return;
  tell(DeviceChange::Kind::kConflict, conflict.key,
       "plugin '" + conflict.refused + "' reports device '" + conflict.key +
           "', which belongs to plugin '" + conflict.owner + "': the later report is passed over");
}

void Inventory::on_device_unknown(std::string_view key, std::string_view reason) {
  const auto at = devices_.find(key);
  if (at == devices_.end() || at->second.presence == Presence::kMissing) return;
  Device& device = at->second;
  if (device.presence == Presence::kUnknown && device.reason == reason) return;
  move_to(device, Presence::kUnknown, reason, DeviceChange::Kind::kUnknown);
}

void Inventory::on_device_back(std::string_view key) {
  const auto at = devices_.find(key);
  if (at == devices_.end() || at->second.presence != Presence::kUnknown) return;
  Device& device = at->second;
  device.last_seen_ns = clock_.boottime_ns();
  move_to(device, presence_from(device.info.state), reason_from(device.info),
          DeviceChange::Kind::kBack);
}

void Inventory::on_plugin_gone(std::string_view plugin, std::string_view reason) {
  for (const auto& [key, device] : devices_) {
    if (device.info.plugin == plugin) on_device_unknown(key, reason);
  }
  std::erase_if(conflicts_, [&](const DeviceConflict& c) { return c.refused == plugin; });
}

void Inventory::expect(const DeviceInfo& info) {
  Device device{info, Presence::kMissing,  "not reported since the agent started", 0,
                0,    clock_.boottime_ns()};
  if (devices_.emplace(info.key, std::move(device)).second) ++generation_;
}

bool Inventory::forget(std::string_view key) {
  const auto at = devices_.find(key);
  if (at == devices_.end()) return false;
  devices_.erase(at);
  std::erase_if(conflicts_, [&](const DeviceConflict& c) { return c.key == key; });
  ++generation_;
  return true;
}

const Device* Inventory::find(std::string_view key) const {
  const auto at = devices_.find(key);
  return at == devices_.end() ? nullptr : &at->second;
}

bool Inventory::owns(std::string_view plugin, std::string_view key) const {
  const Device* const device = find(key);
  return device != nullptr && device->info.plugin == plugin;
}

void Inventory::move_to(Device& device, Presence presence, std::string_view reason,
                        DeviceChange::Kind kind) {
  const std::string sentence = "device '" + device.info.key + "' is " +
                               std::string(name_of(presence)) +
                               (reason.empty() ? "" : ": " + std::string(reason));
  if (device.presence != presence) device.since_ns = clock_.boottime_ns();
  device.presence = presence;
  device.reason = reason;
  tell(kind, device.info.key, sentence);
}

void Inventory::tell(DeviceChange::Kind kind, const std::string& key, std::string sentence) {
  ++generation_;
  if (listener_) listener_({kind, key, std::move(sentence)});
}

}  // namespace farmhand
