// SPDX-License-Identifier: Apache-2.0
#include "telemetry/schedule.hh"

#include <algorithm>

namespace farmhand {

namespace {

// Four phases of a second: eight devices at 1 Hz are four wake-ups of two calls each.
constexpr uint64_t kPhaseStepNs = 250'000'000;
constexpr uint64_t kPhaseCount = 4;
constexpr uint64_t kNsPerMs = 1'000'000;

// The first point of the grid {phase + k * interval} after `now_ns`.
uint64_t next_on_grid(uint64_t phase_ns, uint64_t interval_ns, uint64_t now_ns) {
  const uint64_t offset_ns = phase_ns % interval_ns;
  const uint64_t into_ns = (now_ns + interval_ns - offset_ns) % interval_ns;
  return now_ns + interval_ns - into_ns;
}

}  // namespace

Schedule::Entry* Schedule::find(std::string_view device) {
  for (Entry& entry : devices_) {
    if (entry.device == device) return &entry;
  }
  return nullptr;
}

void Schedule::declare(std::string_view plugin, std::string_view device,
                       std::span<const MetricInfo> metrics, const IntervalRules& rules,
                       uint64_t now_ns) {
  Entry* entry = find(device);
  if (entry == nullptr) {
    entry = &devices_.emplace_back();
    entry->device = device;
    entry->phase_ns = (phases_dealt_++ % kPhaseCount) * kPhaseStepNs;
  }
  entry->plugin = plugin;
  entry->groups.clear();
  for (const MetricInfo& metric : metrics) {
    const auto interval_ms = static_cast<uint64_t>(rules.of(plugin, metric).count());
    const uint64_t interval_ns = interval_ms * kNsPerMs;
    auto group = std::find_if(entry->groups.begin(), entry->groups.end(),
                              [&](const Group& g) { return g.interval_ns == interval_ns; });
    if (group == entry->groups.end()) {
      group = entry->groups.insert(group, Group{interval_ns, now_ns, {}});
    }
    group->metrics.push_back(metric.id);
  }
  std::sort(entry->groups.begin(), entry->groups.end(),
            [](const Group& a, const Group& b) { return a.interval_ns < b.interval_ns; });
  entry->next_ns = entry->groups.empty() ? kNever : now_ns;
}

void Schedule::remove(std::string_view device) {
  std::erase_if(devices_, [&](const Entry& entry) { return entry.device == device; });
}

void Schedule::answered(std::string_view device) {
  if (Entry* const entry = find(device)) entry->outstanding = false;
}

void Schedule::pause(std::string_view device) {
  Entry* const entry = find(device);
  if (entry == nullptr) return;
  entry->paused = true;
  entry->outstanding = false;
}

void Schedule::resume(std::string_view device, uint64_t now_ns) {
  Entry* const entry = find(device);
  if (entry == nullptr) return;
  entry->paused = false;
  entry->outstanding = false;
  for (Group& group : entry->groups) group.next_ns = now_ns;
  if (!entry->groups.empty()) entry->next_ns = now_ns;
}

// Puts the ids of all due groups of one device into a request, and the groups on their next tick.
void Schedule::collect(Entry& entry, uint64_t now_ns) {
  const Group* first = nullptr;
  std::vector<uint32_t>* joined = nullptr;
  for (Group& group : entry.groups) {
    if (group.next_ns > now_ns) continue;
    place_on_grid(entry, group, now_ns);
    if (first == nullptr) {
      first = &group;
      continue;
    }
    if (joined == nullptr) {
      joined = &joined_[joined_used_++];
      *joined = first->metrics;
    }
    joined->insert(joined->end(), group.metrics.begin(), group.metrics.end());
  }
  entry.next_ns = kNever;
  for (const Group& group : entry.groups) entry.next_ns = std::min(entry.next_ns, group.next_ns);
  if (first == nullptr || entry.outstanding) return;
  entry.outstanding = true;
  due_.push_back({entry.plugin, entry.device, joined == nullptr ? first->metrics : *joined});
}

// Ticks that were slept through, and the one that finds the device busy, are missed.
void Schedule::place_on_grid(Entry& entry, Group& group, uint64_t now_ns) {
  uint64_t missed = (now_ns - group.next_ns) / group.interval_ns;
  if (entry.outstanding) ++missed;
  entry.missed += missed;
  missed_ += missed;
  group.next_ns = next_on_grid(entry.phase_ns, group.interval_ns, now_ns);
}

std::span<const SampleRequest> Schedule::take_due(uint64_t now_ns) {
  due_.clear();
  joined_used_ = 0;
  // A vector that grew would move the joined ids away from under the spans.
  if (joined_.size() < devices_.size()) joined_.resize(devices_.size());
  for (Entry& entry : devices_) {
    if (!entry.paused && entry.next_ns <= now_ns) collect(entry, now_ns);
  }
  return due_;
}

uint64_t Schedule::next_due_ns() const {
  uint64_t next_ns = kNever;
  for (const Entry& entry : devices_) {
    if (!entry.paused) next_ns = std::min(next_ns, entry.next_ns);
  }
  return next_ns;
}

uint64_t Schedule::missed(std::string_view device) const {
  for (const Entry& entry : devices_) {
    if (entry.device == device) return entry.missed;
  }
  return 0;
}

}  // namespace farmhand
