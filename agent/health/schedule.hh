// SPDX-License-Identifier: Apache-2.0
// When each check starts: pure, with the time as an argument. The starts of all checks are spread
// evenly over time and never bunch up: each gets a phase of its own, two starts are at least half
// of the mean distance apart, and only so many run at once. A check that still runs is never
// started a second time: its turn is missed and counted. Drives the commands and the plugins'
// `health/1` calls.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace farmhand {

class CheckSchedule {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  struct Limits {
    uint32_t running_max = 8;
    uint64_t pause_max_ns = 100'000'000;  // between two starts
    uint64_t first_ns = 60'000'000'000;   // a check's first start is no later than this
    uint32_t jitter_permille = 20;        // of the interval, to either side
  };

  // `seed` makes the nodes of a farm differ: or all of them would ask a common server together.
  explicit CheckSchedule(uint64_t seed) : CheckSchedule(seed, Limits{}) {}
  CheckSchedule(uint64_t seed, Limits limits) : seed_(seed), limits_(limits) {}

  // Takes a check in. One that is there with the same interval is left undisturbed.
  void put(std::string_view check, uint64_t interval_ns, uint64_t now_ns);
  void remove(std::string_view check);  // also while it runs; then it no longer counts as running
  void hasten(std::string_view check, uint64_t now_ns);  // its next turn is now
  void ended(std::string_view check);

  // The check to start now, marked as running; call again until there is none. The name is valid
  // until the check is removed.
  std::optional<std::string_view> take_due(uint64_t now_ns);
  // When to ask again. With all places taken: kNever until `ended` or `remove`.
  uint64_t next_due_ns() const;

  size_t size() const { return checks_.size(); }
  uint32_t running() const { return running_; }
  uint64_t missed() const { return missed_; }  // turns that found their check still running

 private:
  struct Entry {
    uint64_t interval_ns = 0;
    uint64_t turn_ns = 0;  // on the check's grid
    uint64_t next_ns = 0;  // the turn with its jitter
    uint64_t turns = 0;
    bool running = false;
  };
  void place(std::string_view check, Entry& entry, uint64_t turn_ns) const;
  uint64_t pause_ns() const;
  void pass_missed(std::string_view check, Entry& entry, uint64_t now_ns);

  uint64_t seed_;
  Limits limits_;
  std::map<std::string, Entry, std::less<>> checks_;
  double starts_per_ns_ = 0;  // what all intervals add up to
  uint64_t dealt_ = 0;        // phases given out
  uint64_t pause_until_ns_ = 0;
  uint32_t running_ = 0;
  uint64_t missed_ = 0;
};

}  // namespace farmhand
