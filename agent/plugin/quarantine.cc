// SPDX-License-Identifier: Apache-2.0
#include "plugin/quarantine.hh"

#include <algorithm>

namespace farmhand {

namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

}  // namespace

uint64_t RetryPace::delay_ms(uint32_t failures) const {
  if (failures >= breaker_failures) return max_ms;
  uint64_t delay = min_ms;
  for (uint32_t i = 1; i < failures && delay < max_ms; ++i) delay *= 2;
  return std::min(delay, max_ms);
}

void Quarantine::hold(const std::string& key, const std::string& reason, uint64_t now_ns) {
  Entry& entry = entries_[key];
  QuarantinedDevice& device = entry.device;
  const bool was_well = !entry.held && now_ns - entry.released_ns > pace_.stable_ms * kNsPerMs;
  if (was_well) device.failures = 0;
  if (!entry.held) device.since_boottime_ns = now_ns;
  entry.held = true;
  device.key = key;
  device.reason = reason;
  ++device.failures;
  device.breaker_open = device.failures >= pace_.breaker_failures;
  device.next_try_boottime_ns = now_ns + pace_.delay_ms(device.failures) * kNsPerMs;
}

void Quarantine::release(const std::string& key, uint64_t now_ns) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  found->second.held = false;
  found->second.released_ns = now_ns;
}

bool Quarantine::hurry(const std::string& key, uint64_t now_ns) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.held) return false;
  found->second.device.next_try_boottime_ns = now_ns;
  return true;
}

void Quarantine::pin(const std::string& key, const std::string& reason) {
  pins_[key] = reason;
}

bool Quarantine::unpin(const std::string& key) {
  return pins_.erase(key) > 0;
}

bool Quarantine::holds(const std::string& key) const {
  if (pinned(key)) return true;
  const auto found = entries_.find(key);
  return found != entries_.end() && found->second.held;
}

std::string Quarantine::reason(const std::string& key) const {
  const auto pin = pins_.find(key);
  if (pin != pins_.end()) return pin->second;
  const auto found = entries_.find(key);
  return found == entries_.end() ? std::string() : found->second.device.reason;
}

std::vector<std::string> Quarantine::held_keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries_) {
    if (entry.held) keys.push_back(key);
  }
  for (const auto& [key, reason] : pins_) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  return keys;
}

std::vector<QuarantinedDevice> Quarantine::held() const {
  std::vector<QuarantinedDevice> devices;
  for (const auto& [key, entry] : entries_) {
    if (entry.held && !pinned(key)) devices.push_back(entry.device);
  }
  return devices;
}

std::optional<QuarantinedDevice> Quarantine::next() const {
  std::optional<QuarantinedDevice> next;
  for (const auto& [key, entry] : entries_) {
    if (!entry.held || pinned(key)) continue;
    const uint64_t try_ns = entry.device.next_try_boottime_ns;
    if (!next || try_ns < next->next_try_boottime_ns) next = entry.device;
  }
  return next;
}

}  // namespace farmhand
