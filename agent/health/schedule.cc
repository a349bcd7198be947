// SPDX-License-Identifier: Apache-2.0
#include "health/schedule.hh"

#include <algorithm>
#include <functional>

namespace farmhand {

namespace {

// splitmix64's finaliser: neighbouring inputs give unrelated outputs.
uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// 2^64 divided by the golden ratio. Its multiples, taken modulo 2^64, divide a circle almost
// evenly however many there are, so that a phase once dealt need not move when checks are added.
constexpr uint64_t kGoldenStep = 0x9e3779b97f4a7c15ULL;

uint64_t share_of(uint64_t whole, uint64_t fraction_of_2_64) {
  return static_cast<uint64_t>(static_cast<double>(whole) * 0x1p-64 *
                               static_cast<double>(fraction_of_2_64));
}

}  // namespace

void CheckSchedule::place(std::string_view check, Entry& entry, uint64_t turn_ns) const {
  entry.turn_ns = turn_ns;
  ++entry.turns;
  const uint64_t span_ns = entry.interval_ns / 1000 * limits_.jitter_permille * 2;
  const uint64_t random = mixed(seed_ ^ std::hash<std::string_view>()(check) ^ entry.turns);
  const uint64_t jittered_ns = turn_ns + share_of(span_ns, random);
  entry.next_ns = jittered_ns - std::min(jittered_ns, span_ns / 2);
}

void CheckSchedule::put(std::string_view check, uint64_t interval_ns, uint64_t now_ns) {
  const auto known = checks_.find(check);
  if (known != checks_.end() && known->second.interval_ns == interval_ns) return;
  Entry& entry = known == checks_.end() ? checks_[std::string(check)] : known->second;
  if (entry.interval_ns != 0) starts_per_ns_ -= 1.0 / static_cast<double>(entry.interval_ns);
  entry.interval_ns = std::max<uint64_t>(interval_ns, 1);
  starts_per_ns_ += 1.0 / static_cast<double>(entry.interval_ns);
  const uint64_t phase = mixed(seed_) + ++dealt_ * kGoldenStep;
  const uint64_t within_ns = std::min(entry.interval_ns, limits_.first_ns);
  place(check, entry, now_ns + share_of(within_ns, phase));
}

void CheckSchedule::remove(std::string_view check) {
  const auto at = checks_.find(check);
  if (at == checks_.end()) return;
  if (at->second.running) --running_;
  starts_per_ns_ -= 1.0 / static_cast<double>(at->second.interval_ns);
  checks_.erase(at);
}

void CheckSchedule::hasten(std::string_view check, uint64_t now_ns) {
  const auto at = checks_.find(check);
  if (at != checks_.end()) at->second.next_ns = std::min(at->second.next_ns, now_ns);
}

void CheckSchedule::ended(std::string_view check) {
  const auto at = checks_.find(check);
  if (at == checks_.end() || !at->second.running) return;
  at->second.running = false;
  --running_;
}

// Half of the mean distance: jitter cannot make a burst, and a backlog still shrinks.
uint64_t CheckSchedule::pause_ns() const {
  const auto most = static_cast<double>(limits_.pause_max_ns);
  return starts_per_ns_ <= 0 ? limits_.pause_max_ns
                             : static_cast<uint64_t>(std::min(0.5 / starts_per_ns_, most));
}

// The turns that went by while the check ran are not made up for: a check slower than its interval
// would run without a pause.
void CheckSchedule::pass_missed(std::string_view check, Entry& entry, uint64_t now_ns) {
  while (entry.next_ns <= now_ns) {
    const uint64_t behind = (now_ns - std::min(now_ns, entry.turn_ns)) / entry.interval_ns;
    missed_ += std::max<uint64_t>(behind, 1);
    place(check, entry, entry.turn_ns + std::max<uint64_t>(behind, 1) * entry.interval_ns);
  }
}

std::optional<std::string_view> CheckSchedule::take_due(uint64_t now_ns) {
  std::string_view best;
  Entry* due = nullptr;
  for (auto& [check, entry] : checks_) {
    if (entry.next_ns > now_ns) continue;
    if (entry.running) {
      pass_missed(check, entry, now_ns);
    } else if (due == nullptr || entry.next_ns < due->next_ns) {
      best = check;
      due = &entry;
    }
  }
  if (due == nullptr || running_ >= limits_.running_max || now_ns < pause_until_ns_) return {};
  due->running = true;
  ++running_;
  pause_until_ns_ = now_ns + pause_ns();
  // A start that waited, for a place or because the machine slept, moves the grid no further than
  // to the next turn after now.
  const uint64_t behind = (now_ns - std::min(now_ns, due->turn_ns)) / due->interval_ns;
  place(best, *due, due->turn_ns + (behind + 1) * due->interval_ns);
  return best;
}

uint64_t CheckSchedule::next_due_ns() const {
  if (running_ >= limits_.running_max) return kNever;
  uint64_t next_ns = kNever;
  for (const auto& [check, entry] : checks_) next_ns = std::min(next_ns, entry.next_ns);
  return next_ns == kNever ? kNever : std::max(next_ns, pause_until_ns_);
}

}  // namespace farmhand
