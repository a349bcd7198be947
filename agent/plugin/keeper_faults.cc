// SPDX-License-Identifier: Apache-2.0
// What a keeper does when a host hangs, dies or takes too much.
#include <algorithm>
#include <utility>

#include "base/log.hh"
#include "farmhand/abi.h"
#include "plugin/keeper.hh"

namespace farmhand {

namespace {

// A late answer may lie in the socket unread, when it was us who slept: a second look decides.
constexpr uint64_t kSecondLookMs = 25;

std::string call_for(const HostProcess::Fault& fault, const std::string& key) {
  std::string text = "the plugin's '" + std::string(name_of(fault.operation)) + "' call";
  return key.empty() ? text : text + " for " + key;
}

}  // namespace

void Keeper::arm_deadline() {
  if (stopping_ || overdue_seen_ns_ != 0) return;
  uint64_t next_ns = UINT64_MAX;
  for (const RunSlot* slot : {&active_, &successor_, &probe_}) {
    if (!*slot || (*slot)->condemned) continue;
    next_ns = std::min(next_ns, (*slot)->host->next_deadline_ns().value_or(UINT64_MAX));
  }
  if (next_ns == UINT64_MAX) return;
  if (deadline_timer_.active() && armed_for_ns_ <= next_ns) return;
  armed_for_ns_ = next_ns;
  const uint64_t now = now_ns();
  const uint64_t wait_ms = next_ns > now ? (next_ns - now) / 1'000'000 + 1 : kSecondLookMs;
  deadline_timer_.once(wait_ms, [this] { check_deadlines(); });
}

void Keeper::check_deadlines() {
  const uint64_t now = now_ns();
  const bool second_look = overdue_seen_ns_ != 0;
  bool overdue = false;
  for (RunSlot* slot : {&active_, &successor_, &probe_}) {
    if (!*slot || (*slot)->condemned) continue;
    const auto fault = (*slot)->host->find_overdue(second_look ? overdue_seen_ns_ : now);
    if (!fault) continue;
    overdue = true;
    if (second_look) on_overdue(*slot, *fault);
  }
  overdue_seen_ns_ = overdue && !second_look ? now : 0;
  if (overdue_seen_ns_ == 0) return arm_deadline();
  deadline_timer_.once(kSecondLookMs, [this] { check_deadlines(); });
}

void Keeper::on_overdue(RunSlot& slot, const HostProcess::Fault& fault) {
  ++told_.overruns;
  const std::string key = key_in(*slot, fault.device);
  const std::string reason = fault.operation == frame::Operation::kNone
                                 ? "the plugin host does not take calls any more"
                                 : call_for(fault, key) + " did not return by its deadline";
  if (&slot == &probe_) return on_trial_failed(reason);
  remember(*slot, fault.device);
  if (&slot == &successor_) {
    bury(successor_);
    if (key.empty()) return on_plugin_fault(reason);
    hold(key, reason);
    return start_successor();
  }
  if (fault.operation == frame::Operation::kEnumerate) return on_listing_hangs(reason);
  if (fault.operation == frame::Operation::kCheck && key.empty()) return on_own_check_hangs(reason);
  active_->condemned = true;
  if (!key.empty()) hold(key, reason);
  if (key.empty()) log::warn("starting a successor", {{"plugin", told_.id}, {"reason", reason}});
  told_.last_error = reason;
  handover_timer_.once(parts_.options.handover_ms, [this] { bury(active_); });
  start_successor();
}

// No device is at fault and all can be read: the host stays until another one has done better.
void Keeper::on_listing_hangs(const std::string& reason) {
  told_.last_error = reason;
  log::warn("a call for no device hangs in a plugin, its devices are still read",
            {{"plugin", told_.id}, {"reason", reason}});
  active_->listing_hangs = true;
  active_->host->forget_calls_for_none();
  start_successor();
}

// As above; and the fresh host is not asked for the same at once.
void Keeper::on_own_check_hangs(const std::string& reason) {
  next_check_ns_ = in_ms(pace_.delay_ms(++check_hangs_));
  fail_own_check(FH_E_TIMEOUT, reason);
  on_listing_hangs(reason);
}

void Keeper::on_ended(HostProcess& host, const HostProcess::Fault& fault, const std::string& how) {
  RunSlot* slot = slot_of(host);
  const std::string key = key_in(**slot, fault.device);
  const std::string reason =
      fault.operation == frame::Operation::kNone ? how : call_for(fault, key) + " crashed: " + how;
  const bool was_active = slot == &active_;
  if (slot == &probe_ && !stopping_) return on_trial_failed(reason);
  if (!stopping_) ++told_.crashes;
  remember(**slot, fault.device);
  bury(*slot);
  if (stopping_) {
    log::warn("a plugin failed while it was stopped", {{"plugin", told_.id}, {"reason", reason}});
    return;
  }
  if (key.empty()) {
    if (!successor_) on_plugin_fault(reason);
    return;
  }
  hold(key, reason);
  // A successor on its way that was not told to keep off this device would die like the other.
  const auto keeps_off = [&](const Run& run) {
    return std::find(run.excluded.begin(), run.excluded.end(), key) != run.excluded.end();
  };
  if (!was_active || !successor_ || !keeps_off(*successor_)) start_successor();
}

void Keeper::hold(const std::string& key, const std::string& reason) {
  quarantine_.hold(key, reason, now_ns());
  told_.last_error = reason;
  log::warn("a device is quarantined", {{"plugin", told_.id}, {"device", key}, {"reason", reason}});
  book_.unbind(key);
  book_.set_unknown(key, reason);
  tell_state();
}

void Keeper::remember(const Run& run, uint32_t device) {
  for (const ListedDevice& listed : run.listed) {
    if (listed.handle == device) book_.remember(listed);
  }
}

void Keeper::on_trial_failed(const std::string& reason) {
  const std::string key = probe_->trial;
  bury(probe_);
  hold(key, reason);
  arm_trial();
}

// Devices that were to come back with a successor that failed go on waiting.
void Keeper::hold_again(const std::string& reason) {
  for (const std::string& key : book_.keys()) {
    if (!book_.is_bound(key) && !quarantine_.holds(key) && !quarantine_.reason(key).empty()) {
      hold(key, reason);
    }
  }
}

// Nothing points at one device. While the active host can still be read it stays; otherwise all
// devices wait for the next try: at once the first time, when the plugin had been well, then slower
// and slower.
void Keeper::on_plugin_fault(const std::string& reason) {
  told_.last_error = reason;
  log::warn("a plugin failed", {{"plugin", told_.id}, {"reason", reason}});
  const uint64_t now = now_ns();
  const bool was_well = was_read_ && now - failed_ns_ > pace_.stable_ms * 1'000'000;
  failures_ = was_well ? 1 : failures_ + 1;
  failed_ns_ = now;
  if (active_ && !active_->condemned) {
    hold_again(reason);
    tell_state();
    return arm_trial();
  }
  const uint64_t delay_ms = was_well ? 0 : pace_.delay_ms(failures_);
  told_.next_try_boottime_ns = in_ms(delay_ms);
  if (delay_ms > 0) {
    book_.set_all_unknown(reason);
    set_state(PluginState::kBackoff);
  }
  retry_timer_.once(delay_ms, [this] { start_successor(); });
}

void Keeper::refuse(const std::string& reason) {
  told_.last_error = reason;
  log::error("a plugin is refused", {{"plugin", told_.id}, {"reason", reason}});
  bury(successor_);
  bury(probe_);
  bury(active_);
  gap_timer_.stop();
  book_.set_all_unknown(reason);
  set_state(PluginState::kRefused);
}

// Over its budget: a fresh host takes over while the old one is read. A plugin that is over it
// again soon has to wait.
void Keeper::replace(const std::string& reason) {
  log::warn("a plugin is over its budget", {{"plugin", told_.id}, {"reason", reason}});
  told_.last_error = reason;
  const bool again = now_ns() - active_->since_ns < pace_.stable_ms * 1'000'000 && failures_ > 0;
  if (!again) {
    ++failures_;
    failed_ns_ = now_ns();
    return start_successor();
  }
  bury(active_);
  on_plugin_fault(reason);
}

// No host is read. A successor normally comes within this time, and nobody need be told.
void Keeper::watch_gap() {
  if (stopping_) return;
  proof_timer_.stop();
  rescan_timer_.stop();
  gap_timer_.once(interval_ms(), [this] {
    book_.set_all_unknown("its plugin host is being started again: " + told_.last_error);
  });
}

}  // namespace farmhand
