// SPDX-License-Identifier: Apache-2.0
#include "plugin/graves.hh"

#include <algorithm>
#include <utility>

#include "base/log.hh"

namespace farmhand {

Graves::Graves(Loop& loop, const Clock& clock, uint64_t kill_ms, std::function<void()> on_change)
    : clock_(clock), kill_ms_(kill_ms), on_change_(std::move(on_change)), timer_(loop) {
  timer_.unref();
}

void Graves::bury(std::unique_ptr<HostProcess> host) {
  if (!host) return;
  HostProcess* dying = host.get();
  if (!dying->alive()) return;
  graves_.push_back({.host = std::move(host), .killed_ns = clock_.boottime_ns()});
  dying->kill([this, dying] { on_gone(dying); });
  if (!timer_.active()) timer_.once(kill_ms_, [this] { park(); });
}

void Graves::on_gone(const HostProcess* host) {
  std::erase_if(graves_, [&](const Grave& grave) { return grave.host.get() == host; });
  on_change_();
}

uint32_t Graves::parked() const {
  return static_cast<uint32_t>(std::count_if(graves_.begin(), graves_.end(),
                                             [](const Grave& grave) { return grave.parked; }));
}

void Graves::park() {
  const uint64_t now_ns = clock_.boottime_ns();
  bool changed = false;
  bool waiting = false;
  for (Grave& grave : graves_) {
    const bool late = now_ns - grave.killed_ns >= kill_ms_ * 1'000'000;
    if (late && !grave.parked) {
      grave.parked = changed = true;
      log::warn("a plugin host cannot be killed: it is stuck in the kernel and parked",
                {{"pid", grave.host->pid()}});
    }
    waiting = waiting || !grave.parked;
  }
  if (waiting) timer_.once(kill_ms_, [this] { park(); });
  if (changed) on_change_();
}

}  // namespace farmhand
