// SPDX-License-Identifier: Apache-2.0
// Devices kept away from their plugin after a call for them hung or crashed, and when each may be
// tried again: after 1 s, doubling to 5 min; a device that failed often in a row goes straight to
// the slowest pace (the breaker). It never stays out for ever: a fault that is lifted at a cut-off
// node must not need a person. But for those that a person keeps out (`pin`): they wait for that
// person.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/status.hh"

namespace farmhand {

struct RetryPace {
  uint64_t min_ms = 1'000;
  uint64_t max_ms = 300'000;
  uint64_t stable_ms = 60'000;  // well for so long: failures are forgotten
  uint32_t breaker_failures = 8;

  // The pause after that many failures in a row.
  uint64_t delay_ms(uint32_t failures) const;
};

class Quarantine {
 public:
  explicit Quarantine(const RetryPace& pace) : pace_(pace) {}

  void hold(const std::string& key, const std::string& reason, uint64_t now_ns);
  // It may be read again; its failures are remembered until it has been well for stable_ms.
  void release(const std::string& key, uint64_t now_ns);
  bool hurry(const std::string& key, uint64_t now_ns);  // due at once; false: not held

  // Kept out until `unpin`, whatever else is known of it.
  void pin(const std::string& key, const std::string& reason);
  bool unpin(const std::string& key);  // false: it was not pinned
  bool pinned(const std::string& key) const { return pins_.contains(key); }

  bool holds(const std::string& key) const;  // pinned ones too
  std::string reason(const std::string& key) const;
  std::vector<std::string> held_keys() const;   // pinned ones too
  std::vector<QuarantinedDevice> held() const;  // without them
  // The held device whose turn comes first; `next_try_boottime_ns` says when.
  std::optional<QuarantinedDevice> next() const;

 private:
  struct Entry {
    QuarantinedDevice device;
    bool held = false;
    uint64_t released_ns = 0;
  };

  RetryPace pace_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::string> pins_;  // key → reason
};

}  // namespace farmhand
