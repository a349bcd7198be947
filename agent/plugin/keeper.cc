// SPDX-License-Identifier: Apache-2.0
// The ways in and the hosts' lives; what happens when something goes wrong is in keeper_faults.cc,
// what hosts say in keeper_replies.cc.
#include "plugin/keeper.hh"

#include <algorithm>
#include <utility>

#include "base/log.hh"
#include "farmhand/health.h"

namespace farmhand {

Keeper::Keeper(Parts parts, VerifiedPlugin plugin, PluginSettings settings, std::string identity)
    : parts_(parts),
      plugin_(std::move(plugin)),
      settings_(std::move(settings)),
      identity_(std::move(identity)),
      pace_{.min_ms = parts.options.backoff_min_ms,
            .max_ms = parts.options.backoff_max_ms,
            .stable_ms = parts.options.stable_ms,
            .breaker_failures = parts.options.breaker_failures},
      book_(plugin_.manifest, parts.owners, parts.listener),
      quarantine_(pace_),
      budget_(settings_.cpu_max_percent, settings_.memory_max_bytes),
      graves_(parts.loop, parts.clock, parts.options.kill_ms, [this] { tell_state(); }),
      send_timer_(parts.loop),
      deadline_timer_(parts.loop),
      handover_timer_(parts.loop),
      gap_timer_(parts.loop),
      retry_timer_(parts.loop),
      trial_timer_(parts.loop),
      rescan_timer_(parts.loop),
      proof_timer_(parts.loop) {
  told_.id = plugin_.manifest.id;
  told_.vendor = plugin_.manifest.vendor;
  told_.version = plugin_.manifest.version;
}

void Keeper::start() {
  start_successor();
}

uint64_t Keeper::interval_ms() const {
  return std::max<uint64_t>(settings_.interval_ms, 1000);
}

uint64_t Keeper::call_deadline_ns() const {
  return in_ms(settings_.deadline_ms != 0 ? settings_.deadline_ms : interval_ms() / 2);
}

Result<void> Keeper::sample(const std::string& key, std::span<const uint32_t> ids) {
  auto wanted = book_.want(key, ids);
  if (wanted && active_ && !send_timer_.active()) send_timer_.once(0, [this] { send_wanted(); });
  return wanted;
}

bool Keeper::has_checks() const {
  const auto& offered = plugin_.manifest.interfaces;
  return std::find(offered.begin(), offered.end(), FH_HEALTH_ID) != offered.end();
}

Result<void> Keeper::check(const std::string& key) {
  if (!has_checks()) {
    return Error{Errc::kUnsupported, "plugin '" + told_.id + "' does not offer " FH_HEALTH_ID};
  }
  if (!key.empty()) {
    auto wanted = book_.want_check(key);
    if (wanted && active_ && !send_timer_.active()) send_timer_.once(0, [this] { send_wanted(); });
    return wanted;
  }
  if (!active_ || active_->condemned || active_->listing_hangs || now_ns() < next_check_ns_) {
    return Error{Errc::kUnavailable,
                 told_.last_error.empty() ? "its host is being started" : told_.last_error};
  }
  if (std::exchange(checking_, true)) return {};
  active_->host->check(frame::kNoDevice, in_ms(parts_.options.enumerate_ms));
  arm_deadline();
  return {};
}

void Keeper::send_wanted() {
  if (!active_ || stopping_) return;
  book_.send(*active_->host, call_deadline_ns());
  arm_deadline();
}

void Keeper::rescan() {
  if (!active_ || stopping_) return;
  rescan_timer_.once(parts_.options.rescan_ms, [this] { rescan(); });
  if (successor_ || active_->condemned) return;
  // Where an enumeration hangs, the next one can only be tried elsewhere.
  if (active_->listing_hangs) return start_successor();
  active_->host->enumerate(in_ms(parts_.options.enumerate_ms));
  arm_deadline();
}

// The successor comes without it; until then the old host is read on, but not for this device.
void Keeper::let_go(const std::string& key, const std::string& reason) {
  const bool known = quarantine_.pinned(key);
  quarantine_.pin(key, reason);
  book_.unbind(key);
  book_.set_unknown(key, reason);
  if (known || stopping_ || told_.state == PluginState::kRefused) return;
  log::info("a device is let go", {{"plugin", told_.id}, {"device", key}, {"reason", reason}});
  if (probe_ && probe_->trial == key) bury(probe_);
  start_successor();
}

void Keeper::take_up(const std::string& key) {
  if (!quarantine_.unpin(key) || stopping_ || told_.state == PluginState::kRefused) return;
  log::info("a device is taken up again", {{"plugin", told_.id}, {"device", key}});
  start_successor();
}

bool Keeper::retry(const std::string& key) {
  if (!quarantine_.hurry(key, now_ns())) return false;
  arm_trial();
  return true;
}

// Null: it could not be started, which has been taken for the plugin's fault.
Keeper::RunSlot Keeper::launch(std::vector<std::string> excluded) {
  const Supervisor::Options& options = parts_.options;
  auto run = std::make_unique<Run>();
  run->excluded = excluded;
  run->since_ns = now_ns();
  const HostProcess::Launch launch{.program = options.plugin_host_path,
                                   .env = options.host_env,
                                   .stderr_fd = options.host_stderr,
                                   .identity = identity_,
                                   .plugin = &plugin_,
                                   .settings = settings_.settings,
                                   .excluded_keys = std::move(excluded),
                                   .start_deadline_ns = in_ms(options.start_ms)};
  auto host = HostProcess::start(parts_.loop, parts_.clock, launch, *this);
  if (!host) {
    on_plugin_fault(host.error().message);
    return nullptr;
  }
  run->host = std::move(*host);
  return run;
}

void Keeper::bury(RunSlot& slot) {
  if (!slot) return;
  if (&slot == &active_) {
    budget_.change_host(slot->host->cpu_ns());
    book_.unbind();
    handover_timer_.stop();
    fail_own_check(FH_E_AGAIN, "the plugin host was replaced meanwhile");
    watch_gap();
  }
  graves_.bury(std::move(slot->host));
  slot.reset();
}

void Keeper::start_successor() {
  retry_timer_.stop();
  bury(successor_);
  if (std::exchange(launched_, true)) ++told_.restarts;
  successor_ = launch(quarantine_.held_keys());
  if (!successor_) return;
  if (!active_) set_state(PluginState::kStarting);
  arm_deadline();
}

// The probe is told to keep off every device but the one it tries.
void Keeper::start_probe() {
  const auto next = quarantine_.next();
  if (!next || probe_ || successor_ || !active_ || stopping_) return;
  std::vector<std::string> others = book_.keys();
  std::erase(others, next->key);
  log::info("trying a quarantined device again",
            {{"plugin", told_.id}, {"device", next->key}, {"failures", next->failures}});
  probe_ = launch(std::move(others));
  if (!probe_) return;
  probe_->trial = next->key;
  arm_deadline();
}

void Keeper::arm_trial() {
  const auto next = quarantine_.next();
  // While another host is on its way, its arrival or its end arms this again.
  if (!next || probe_ || successor_ || !active_ || stopping_) return trial_timer_.stop();
  const uint64_t now = now_ns();
  const uint64_t due = next->next_try_boottime_ns;
  trial_timer_.once(due > now ? (due - now) / 1'000'000 + 1 : 0, [this] { start_probe(); });
}

// The successor becomes the active host; nothing is lost, what the old one owes is asked again.
void Keeper::take_over() {
  bury(active_);
  active_ = std::move(successor_);
  was_read_ = true;
  gap_timer_.stop();
  if (active_->blind.empty()) {
    take_list(active_->listed);
  } else {
    book_.set_all_unknown(active_->blind);
  }
  for (const auto& [device, metrics] : active_->metrics) book_.take_metrics(device, metrics);
  for (const auto& [device, why] : active_->failed) book_.set_unknown(book_.key_of(device), why);
  active_->since_ns = now_ns();
  active_->listed.clear();
  active_->metrics.clear();
  tell_events(active_->events);
  active_->events.clear();
  set_state(PluginState::kRunning);
  rescan_timer_.once(parts_.options.rescan_ms, [this] { rescan(); });
  proof_timer_.every(interval_ms(), [this] {
    if (book_.want_proofs()) send_wanted();
  });
  book_.want_proofs();
  send_wanted();
  arm_trial();
}

void Keeper::on_trial_passed() {
  log::info("a quarantined device answers again",
            {{"plugin", told_.id}, {"device", probe_->trial}});
  try_all_again();
}

// With the device that the probe was for.
void Keeper::try_all_again() {
  quarantine_.release(probe_->trial, now_ns());
  bury(probe_);
  start_successor();
}

void Keeper::look() {
  if (!active_ || active_->condemned || successor_) return;
  const HostProcess& host = *active_->host;
  if (host.waits_too_long(now_ns())) {
    on_complaint("the plugin's 'wait' call does not return; no event of it is seen");
  }
  const auto over = budget_.look(now_ns(), host.cpu_ns(), host.rss_bytes());
  if (over) replace(*over);
}

void Keeper::set_state(PluginState state) {
  told_.state = state;
  tell_state();
}

void Keeper::tell_state() {
  if (!stopping_) parts_.listener.on_plugin_state(status());
}

PluginStatus Keeper::status() const {
  PluginStatus status = told_;
  status.pid = active_ ? active_->host->pid() : 0;
  status.device_count = static_cast<uint32_t>(book_.size());
  status.calls = latency_.total() + told_.calls_failed;
  status.cpu_ns = budget_.cpu_ns();
  status.rss_bytes = budget_.rss_bytes();
  status.latency_p50_ns = latency_.percentile_ns(50);
  status.latency_p99_ns = latency_.percentile_ns(99);
  status.latency_max_ns = latency_.max_ns();
  status.parked_hosts = graves_.parked();
  status.quarantined = quarantine_.held();
  return status;
}

void Keeper::stop() {
  stopping_ = true;
  for (Timer* timer : {&send_timer_, &deadline_timer_, &handover_timer_, &gap_timer_, &retry_timer_,
                       &trial_timer_, &rescan_timer_, &proof_timer_}) {
    timer->stop();
  }
  bury(successor_);
  bury(probe_);
  if (active_ && active_->condemned) bury(active_);
  if (active_) active_->host->stop();
  told_.state = PluginState::kStopped;
}

void Keeper::kill_all() {
  stopping_ = true;
  bury(active_);
  bury(successor_);
  bury(probe_);
}

bool Keeper::ended() const {
  return !active_ && !successor_ && !probe_ && graves_.all_parked();
}

void Keeper::forget() {
  book_.clear();
}

}  // namespace farmhand
