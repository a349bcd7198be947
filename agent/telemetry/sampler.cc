// SPDX-License-Identifier: Apache-2.0
#include "telemetry/sampler.hh"

#include <algorithm>
#include <utility>

namespace farmhand {

namespace {
constexpr uint64_t kNsPerMs = 1'000'000;
}

Sampler::Sampler(Loop& loop, const Clock& clock, SampleSource& source, IntervalRules rules)
    : clock_(clock), source_(source), rules_(std::move(rules)), timer_(loop) {}

void Sampler::on_metrics(std::string_view plugin, std::string_view device,
                         const std::vector<MetricInfo>& metrics) {
  auto known = std::find_if(declared_.begin(), declared_.end(),
                            [&](const Declared& d) { return d.device == device; });
  if (known == declared_.end()) {
    known = declared_.insert(known, Declared{std::string(plugin), std::string(device), metrics});
  } else {
    *known = {std::string(plugin), std::string(device), metrics};
  }
  schedule_.declare(plugin, device, metrics, rules_, clock_.boottime_ns());
  arm();
}

void Sampler::on_answered(std::string_view device) {
  schedule_.answered(device);
}

void Sampler::on_device_unknown(std::string_view device) {
  schedule_.pause(device);
}

void Sampler::on_device_back(std::string_view device) {
  schedule_.resume(device, clock_.boottime_ns());
  arm();
}

void Sampler::remove(std::string_view device) {
  schedule_.remove(device);
  std::erase_if(declared_, [&](const Declared& d) { return d.device == device; });
}

void Sampler::set_rules(IntervalRules rules) {
  rules_ = std::move(rules);
  const uint64_t now_ns = clock_.boottime_ns();
  for (const Declared& one : declared_) {
    schedule_.declare(one.plugin, one.device, one.metrics, rules_, now_ns);
  }
  arm();
}

void Sampler::stop() {
  stopped_ = true;
  timer_.stop();
}

void Sampler::tick() {
  armed_for_ns_ = Schedule::kNever;
  ticking_ = true;
  const auto due = schedule_.take_due(clock_.boottime_ns());
  requests_ += due.size();
  if (!due.empty()) source_.sample(due);
  ticking_ = false;
  arm();
}

// What a source tells from within `sample` must not set the timer once per device.
void Sampler::arm() {
  if (stopped_ || ticking_) return;
  const uint64_t due_ns = schedule_.next_due_ns();
  if (due_ns == armed_for_ns_) return;
  armed_for_ns_ = due_ns;
  if (due_ns == Schedule::kNever) return timer_.stop();
  const uint64_t now_ns = clock_.boottime_ns();
  // Rounded up: a tick that comes early would find nothing due.
  const uint64_t delay_ms = due_ns <= now_ns ? 0 : (due_ns - now_ns + kNsPerMs - 1) / kNsPerMs;
  timer_.once(delay_ms, [this] { tick(); });
}

}  // namespace farmhand
