// SPDX-License-Identifier: Apache-2.0
#include "log/storm.hh"

namespace farmhand::node {

namespace {

constexpr uint64_t kWindowNs = 60'000'000'000;
// Beyond this many at once a message's subject no longer counts, only its kind.
constexpr size_t kHeldMax = 256;
// At most this many in one call; the others come with the next.
constexpr size_t kDueMax = 40;

}  // namespace

bool Storm::is_first(const LogEvent& event, uint64_t now_ns) {
  const bool full = held_.size() >= kHeldMax;
  Key key(event.pattern, event.subject);
  if (full && held_.count(key) == 0) key.second = "*";
  const auto [found, fresh] = held_.try_emplace(std::move(key), Held{event, now_ns});
  Held& held = found->second;
  if (fresh) {
    held.event.count = 0;
    return true;
  }
  held.event.text = event.text;
  ++held.event.count;
  return false;
}

std::vector<LogEvent> Storm::take_due(uint64_t now_ns) {
  std::vector<LogEvent> due;
  for (auto each = held_.begin(); each != held_.end() && due.size() < kDueMax;) {
    Held& held = each->second;
    if (now_ns - held.since_ns < kWindowNs) {
      ++each;
    } else if (held.event.count == 0) {
      each = held_.erase(each);
    } else {
      due.push_back(held.event);
      held.event.count = 0;
      held.since_ns = now_ns;
      ++each;
    }
  }
  return due;
}

}  // namespace farmhand::node
