// SPDX-License-Identifier: Apache-2.0
#include "plugin/device_book.hh"

#include <algorithm>
#include <utility>

#include "base/log.hh"
#include "farmhand/abi.h"

namespace farmhand {

namespace {

// Adds those that are not there yet: a metric that is wanted twice is read once.
void merge(std::vector<uint32_t>& into, std::span<const uint32_t> ids) {
  for (const uint32_t id : ids) {
    if (std::find(into.begin(), into.end(), id) == into.end()) into.push_back(id);
  }
}

}  // namespace

DeviceBook::Entry* DeviceBook::find(uint32_t handle) {
  for (auto& [key, entry] : devices_) {
    if (entry.handle == handle) return &entry;
  }
  return nullptr;
}

std::string DeviceBook::key_of(uint32_t handle) const {
  for (const auto& [key, entry] : devices_) {
    if (entry.handle == handle && handle != frame::kNoDevice) return key;
  }
  return {};
}

bool DeviceBook::is_bound(const std::string& key) const {
  const auto found = devices_.find(key);
  return found != devices_.end() && found->second.handle != frame::kNoDevice;
}

std::vector<std::string> DeviceBook::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : devices_) keys.push_back(key);
  return keys;
}

void DeviceBook::restore(Entry& entry) {
  entry.handle = frame::kNoDevice;
  merge(entry.wanted, entry.asked);
  entry.asked.clear();
  entry.check_wanted = entry.check_wanted || entry.checking;
  entry.checking = false;
}

void DeviceBook::unbind() {
  for (auto& [key, entry] : devices_) restore(entry);
}

void DeviceBook::unbind(const std::string& key) {
  const auto found = devices_.find(key);
  if (found != devices_.end()) restore(found->second);
}

// True when something of it changed.
bool DeviceBook::take_device(const ListedDevice& device) {
  DeviceInfo info = device.info;
  info.plugin = plugin_;
  if (info.vendor.empty()) info.vendor = vendor_;
  const auto [owner, claimed] = owners_.emplace(info.key, plugin_);
  if (!claimed && owner->second != plugin_) {
    clash_ = "it lists '" + info.key + "', a device of plugin '" + owner->second +
             "' already; it was left out";
    return false;
  }
  Entry& entry = devices_[info.key];
  if (entry.handle != device.handle) restore(entry);
  entry.handle = device.handle;
  const bool changed = entry.info != info;
  entry.info = std::move(info);
  return changed;
}

void DeviceBook::take_list(const std::vector<ListedDevice>& listed, const Quarantine& quarantine) {
  const auto is_listed = [&](const std::string& key) {
    return std::any_of(listed.begin(), listed.end(),
                       [&](const ListedDevice& device) { return device.info.key == key; });
  };
  bool changed = !told_;
  for (auto at = devices_.begin(); at != devices_.end();) {
    if (is_listed(at->first) || quarantine.holds(at->first)) {
      ++at;
      continue;
    }
    drop_check(at->second, "the device is no longer listed");
    owners_.erase(at->first);
    at = devices_.erase(at);
    changed = true;
  }
  for (const ListedDevice& device : listed) {
    if (!quarantine.holds(device.info.key)) changed = take_device(device) || changed;
  }
  if (changed) tell_devices();
}

void DeviceBook::remember(const ListedDevice& device) {
  if (devices_.contains(device.info.key)) return;
  const bool changed = take_device(device);
  unbind(device.info.key);
  if (changed) tell_devices();
}

void DeviceBook::tell_devices() {
  told_ = true;
  std::vector<DeviceInfo> all;
  for (const auto& [key, entry] : devices_) all.push_back(entry.info);
  listener_.on_devices(plugin_, all);
}

void DeviceBook::clear() {
  for (auto& [key, entry] : devices_) {
    drop_check(entry, "the plugin is no longer there");
    owners_.erase(key);
  }
  devices_.clear();
  tell_devices();
}

void DeviceBook::take_metrics(uint32_t handle, const std::vector<MetricInfo>& metrics) {
  Entry* entry = find(handle);
  if (entry == nullptr) return;
  if (!entry->metrics_known || entry->metrics != metrics) {
    entry->metrics = metrics;
    entry->metrics_known = true;
    // Ids may mean something else now.
    entry->wanted.clear();
    listener_.on_metrics(entry->info.key, metrics);
  }
  if (metrics.empty() && !entry->unknown.empty()) {
    entry->unknown.clear();
    listener_.on_device_back(entry->info.key);
  }
}

void DeviceBook::take_samples(uint32_t handle, std::span<const Sample> samples) {
  Entry* entry = find(handle);
  if (entry == nullptr) return;
  entry->asked.clear();
  if (!entry->unknown.empty()) {
    entry->unknown.clear();
    listener_.on_device_back(entry->info.key);
  }
  listener_.on_samples(entry->info.key, samples);
}

void DeviceBook::take_nothing(uint32_t handle, uint64_t now_ns) {
  Entry* entry = find(handle);
  if (entry == nullptr) return;
  std::vector<Sample> none;
  for (const uint32_t id : entry->asked) none.push_back({.metric = id, .boottime_ns = now_ns});
  entry->asked.clear();
  if (entry->unknown.empty()) listener_.on_samples(entry->info.key, none);
}

void DeviceBook::take_findings(uint32_t handle, std::span<const Finding> findings) {
  Entry* entry = find(handle);
  if (entry == nullptr || !std::exchange(entry->checking, false)) return;
  listener_.on_findings(plugin_, entry->info.key, findings);
}

void DeviceBook::take_check_failure(uint32_t handle, int32_t status, const std::string& sentence) {
  Entry* entry = find(handle);
  if (entry == nullptr || !std::exchange(entry->checking, false)) return;
  listener_.on_check_failed(plugin_, entry->info.key, status, sentence);
}

// Whoever asked is answered, whatever becomes of the device.
void DeviceBook::drop_check(Entry& entry, const std::string& why) {
  const bool owed = entry.check_wanted || entry.checking;
  entry.check_wanted = entry.checking = false;
  if (owed) listener_.on_check_failed(plugin_, entry.info.key, FH_E_AGAIN, why);
}

void DeviceBook::set_unknown(const std::string& key, const std::string& reason) {
  const auto found = devices_.find(key);
  if (found == devices_.end()) return;
  Entry& entry = found->second;
  entry.asked.clear();
  entry.wanted.clear();
  drop_check(entry, reason);
  if (entry.unknown == reason) return;
  entry.unknown = reason;
  listener_.on_device_unknown(key, reason);
}

void DeviceBook::set_all_unknown(const std::string& reason) {
  for (const std::string& key : keys()) {
    // A quarantined device keeps the reason of its own.
    if (devices_[key].unknown.empty()) set_unknown(key, reason);
  }
}

Result<DeviceBook::Entry*> DeviceBook::readable(const std::string& key) {
  const auto found = devices_.find(key);
  if (found == devices_.end()) return Error{Errc::kNotFound, "there is no device '" + key + "'"};
  Entry& entry = found->second;
  if (!entry.metrics_known) {
    return Error{Errc::kNotFound, "the metrics of '" + key + "' are not known yet"};
  }
  if (!entry.unknown.empty()) return Error{Errc::kUnavailable, entry.unknown};
  return &entry;
}

Result<void> DeviceBook::want(const std::string& key, std::span<const uint32_t> ids) {
  const auto entry = readable(key);
  if (!entry) return entry.error();
  merge((*entry)->wanted, ids);
  return {};
}

Result<void> DeviceBook::want_check(const std::string& key) {
  const auto entry = readable(key);
  if (!entry) return entry.error();
  (*entry)->check_wanted = true;
  return {};
}

bool DeviceBook::want_proofs() {
  bool any = false;
  for (auto& [key, entry] : devices_) {
    if (entry.unknown.empty() || entry.handle == frame::kNoDevice) continue;
    for (const MetricInfo& metric : entry.metrics) merge(entry.wanted, {&metric.id, 1});
    any = any || !entry.wanted.empty();
  }
  return any;
}

void DeviceBook::send(HostProcess& host, uint64_t deadline_ns) {
  for (auto& [key, entry] : devices_) {
    if (!entry.asked.empty() || entry.checking || entry.handle == frame::kNoDevice) continue;
    if (std::exchange(entry.check_wanted, false)) {
      entry.checking = true;
      host.check(entry.handle, deadline_ns);
      continue;
    }
    if (entry.wanted.empty()) continue;
    host.ask_samples(entry.handle, entry.wanted, deadline_ns);
    entry.asked.swap(entry.wanted);
    entry.wanted.clear();
  }
  host.send_samples();
}

}  // namespace farmhand
