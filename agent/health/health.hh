// SPDX-License-Identifier: Apache-2.0
// The health of a node and its devices: findings from every source come in, one verdict per subject
// comes out, and what failed is kept away from jobs. Judging is pure and asks the Clock; what must
// not be forgotten is written on the store thread.
//
// A transition is stored first, then queued on lane 1, then marked as reported: whoever kills the
// agent in between makes a repeat with the same uuid, never a loss.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "config/check_file.hh"
#include "device/inventory.hh"
#include "health/status.hh"
#include "store/state.hh"
#include "store/thread.hh"

namespace farmhand {

// What health adds to state.db; passed to the StateFile at its birth.
StateFile::Module health_module();

struct HealthRules {
  uint32_t quarantine_max_percent = 25;  // of the node's devices at once; at least one device
  uint64_t reentry_ok_for_ns = 300'000'000'000;
  std::optional<std::vector<std::string>> expected = {};  // `furiosa/rngd:8`; absent: learned
};

struct HistoryQuery {
  std::optional<std::string> subject;  // absent: every one; empty: the node
  std::optional<std::string> check;
  int64_t since_realtime_ns = 0;
  uint32_t limit = 100;  // the newest so many
};

struct HealthPast;  // what state.db remembers (health/past.hh)

class Health {
 public:
  using Done = std::function<void(Result<void>)>;
  // What it does to the world, through whoever can.
  struct Doors {
    // Onto lane 1; `stored` once it is on disk.
    std::function<void(const Transition&, std::function<void(Result<uint64_t>)> stored)> report;
    // Lets go of every handle of the device, and takes it up again. Empty: nobody can.
    std::function<Result<void>(const std::string& key, const std::string& why)> let_go;
    std::function<void(const std::string& key)> take_up;
    std::function<bool(const std::string& key)> leased;  // empty: there are no leases
  };

  // `state` is used on the store thread only, and outlives this. `past` was read before that thread
  // began.
  Health(const Clock& clock, StoreThread& store, StateFile& state, const Inventory& inventory,
         HealthRules rules, Doors doors, HealthPast past);
  ~Health();
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // Reports what was stored and not marked as reported; once, when the doors are open.
  void report_again();
  void set_rules(const HealthRules& rules);
  void set_refused(std::vector<RefusedCheck> refused);

  // The whole set of one source for a subject: a check once there and now missing is unknown.
  void take(std::string_view subject, std::string_view source, std::span<const Finding> findings);
  // The source could not answer: its checks are unknown with this sentence.
  void take_failure(std::string_view subject, std::string_view source, std::string_view reason,
                    std::string_view sentence);
  // A source that is no more, on purpose: its checks are forgotten.
  void drop_source(std::string_view source);
  // Something happened: a check named like the reason, for a while or until `cleared`.
  void on_event(const std::string& plugin, const PluginEvent& event);
  void on_device_change(const DeviceChange& change);
  void cleared(const std::string& key);  // the device was reset: its events are over
  void tick();                           // about once a second

  std::vector<SubjectHealth> subjects() const;
  std::optional<SubjectHealth> find(std::string_view key) const;
  Verdict overall() const;  // the worst of all subjects
  const std::vector<RefusedCheck>& refused() const;
  void history(HistoryQuery query, std::function<void(Result<std::vector<Transition>>)> done);
  uint64_t generation() const;  // grows with each verdict or hold that changes

  // By hand, each with a reason and a name; remembered over restarts. `done` once it is stored.
  void cordon(const std::string& key, const std::string& why, const std::string& who, Done done);
  void uncordon(const std::string& key, const std::string& who, Done done);
  void drain(const std::string& key, const std::string& why, const std::string& who, Done done);
  void quiesce(const std::string& key, const std::string& why, const std::string& who, Done done);
  void resume(const std::string& key, const std::string& who, Done done);
  // Takes a device out of what is expected, for good.
  void forget(const std::string& key, const std::string& who, Done done);

  Result<void> may_lease(std::string_view key) const;  // the error says why not
  // Everyone who wants to know of a change after it is in effect.
  void on_transition(std::function<void(const Transition&)> listener);
  void on_hold(std::function<void(const std::string& key)> listener);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with work on the store thread
};

}  // namespace farmhand
