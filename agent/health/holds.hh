// SPDX-License-Identifier: Apache-2.0
// Which devices get no new leases, by whose word. A person's word stands above the agent's: it is
// never lifted by it. The agent's quarantine begins with a failure, covers a stated share of the
// devices at most, and ends when the device was well for long enough. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hh"
#include "health/check_track.hh"
#include "health/status.hh"

namespace farmhand {

class HoldBook {
 public:
  static constexpr uint64_t kPaceNs = 10 * CheckTrack::kSecond;  // between two quarantines

  struct Rules {
    uint32_t max_percent = 25;
    uint64_t reentry_ok_for_ns = 300 * CheckTrack::kSecond;
  };
  enum class Step : uint8_t { kNothing, kHeld, kReleased };

  void set_rules(Rules rules) { rules_ = rules; }
  void restore(const std::string& key, Hold hold);
  const Hold* find(std::string_view key) const;
  const std::map<std::string, Hold, std::less<>>& all() const { return holds_; }

  void put(const std::string& key, HoldKind kind, const std::string& why, const std::string& who,
           int64_t realtime_ns);
  Result<void> lift(const std::string& key);

  // What the agent does about a device with this verdict since then, of `devices` on the node.
  Step consider(const std::string& key, Verdict verdict, uint64_t since_ns, const std::string& why,
                size_t devices, Now now);
  // Why a failed device is not in quarantine; empty when it is, or has not failed.
  std::string_view note(std::string_view key) const;

 private:
  size_t quarantined() const;
  std::string until(HoldKind kind) const;

  Rules rules_;
  std::map<std::string, Hold, std::less<>> holds_;
  std::map<std::string, std::string, std::less<>> notes_;
  std::optional<uint64_t> last_quarantine_ns_;
};

}  // namespace farmhand
