// SPDX-License-Identifier: Apache-2.0
// What a keeper does with what its hosts say.
#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "base/log.hh"
#include "farmhand/abi.h"
#include "plugin/keeper.hh"

namespace farmhand {

namespace {

// A host knows some forty sentences; more come from one whose memory is damaged.
constexpr size_t kComplaintsMax = 64;
// Of a host that is not read yet.
constexpr size_t kEarlyEventsMax = 1000;

}  // namespace

Keeper::RunSlot* Keeper::slot_of(const HostProcess& host) {
  for (RunSlot* slot : {&active_, &successor_, &probe_}) {
    if (*slot && (*slot)->host.get() == &host) return slot;
  }
  return nullptr;
}

// A buried host is mute, so whoever speaks has a slot.
Keeper::Run& Keeper::run_of(const HostProcess& host) {
  RunSlot* slot = slot_of(host);
  assert(slot != nullptr);
  return **slot;
}

std::string Keeper::key_in(const Run& run, uint32_t device) const {
  for (const ListedDevice& listed : run.listed) {
    if (listed.handle == device) return listed.info.key;
  }
  return &run == active_.get() ? book_.key_of(device) : std::string();
}

void Keeper::on_started(HostProcess& host, const frame::Started& started) {
  if ((started.interfaces & frame::kHasDevices) == 0) {
    return refuse("the plugin does not offer farmhand.devices/1");
  }
  host.enumerate(in_ms(parts_.options.enumerate_ms));
  arm_deadline();
}

void Keeper::on_listed(HostProcess& host, std::vector<ListedDevice> devices) {
  Run& run = run_of(host);
  if (&run == probe_.get()) {
    std::erase_if(devices, [&](const auto& device) { return device.info.key != run.trial; });
  }
  if (&run == active_.get()) {
    take_list(devices);
    std::erase_if(devices, [&](const auto& device) { return !book_.is_bound(device.info.key); });
  }
  // A call that hangs keeps its device's turn: asking for its metrics would only wait behind it.
  if (run.condemned) return;
  run.listed = std::move(devices);
  run.metrics_due = run.listed.size();
  for (const ListedDevice& device : run.listed) {
    host.ask_metrics(device.handle, call_deadline_ns());
  }
  arm_deadline();
  if (run.metrics_due == 0) on_all_metrics(run);
}

void Keeper::take_list(const std::vector<ListedDevice>& listed) {
  book_.take_list(listed, quarantine_);
  const std::string clash = book_.take_clash();
  if (!clash.empty()) on_complaint(clash);
}

void Keeper::on_metrics(HostProcess& host, uint32_t device, std::vector<MetricInfo> all) {
  Run& run = run_of(host);
  if (&run == active_.get()) return book_.take_metrics(device, all);
  run.metrics.emplace_back(device, std::move(all));
  if (run.metrics_due > 0 && --run.metrics_due == 0) on_all_metrics(run);
}

void Keeper::on_all_metrics(Run& run) {
  if (&run == successor_.get()) return take_over();
  if (&run == probe_.get()) prove(run);
}

// The device has been listed and has said what it measures; now it has to be read once.
void Keeper::prove(Run& probe) {
  std::vector<uint32_t> ids;
  for (const auto& [device, metrics] : probe.metrics) {
    for (const MetricInfo& metric : metrics) ids.push_back(metric.id);
  }
  // Nothing to read, or no such device any more: there is nothing to hang in.
  if (ids.empty()) return on_trial_passed();
  probe.host->ask_samples(probe.listed.front().handle, ids, call_deadline_ns());
  probe.host->send_samples();
  arm_deadline();
}

void Keeper::on_samples(HostProcess& host, uint32_t device, std::span<const Sample> all) {
  Run& run = run_of(host);
  if (&run == probe_.get()) return prove_checks(run);
  if (&run != active_.get()) return;
  book_.take_samples(device, all);
  if (active_) send_wanted();
}

// A device that hangs when it is checked would be back for a moment and then be lost again.
void Keeper::prove_checks(Run& probe) {
  if (!has_checks() || std::exchange(probe.proof_read, true)) return on_trial_passed();
  probe.host->check(probe.listed.front().handle, call_deadline_ns());
  arm_deadline();
}

void Keeper::on_findings(HostProcess& host, uint32_t device, std::vector<Finding> all) {
  Run& run = run_of(host);
  if (&run == probe_.get()) return on_trial_passed();
  if (&run != active_.get()) return;
  if (device != frame::kNoDevice) {
    book_.take_findings(device, all);
    if (active_) send_wanted();
    return;
  }
  checking_ = false;
  check_hangs_ = 0;
  parts_.listener.on_findings(told_.id, {}, all);
}

void Keeper::on_events(HostProcess& host, std::vector<std::pair<uint32_t, PluginEvent>> events) {
  Run& run = run_of(host);
  if (&run == active_.get()) return tell_events(events);
  // The successor tells them once it is read: events come once only.
  if (&run != successor_.get() || run.events.size() >= kEarlyEventsMax) return;
  std::move(events.begin(), events.end(), std::back_inserter(run.events));
}

void Keeper::tell_events(std::vector<std::pair<uint32_t, PluginEvent>>& events) {
  for (auto& [device, event] : events) {
    event.device_key = book_.key_of(device);
    parts_.listener.on_event(told_.id, event);
  }
}

void Keeper::on_check_failed(Run& run, const CallFailure& failure) {
  if (&run == probe_.get()) return on_trial_passed();
  if (&run != active_.get()) return;
  if (failure.head.device == frame::kNoDevice) {
    return fail_own_check(failure.head.status, failure.sentence());
  }
  book_.take_check_failure(failure.head.device, failure.head.status, failure.sentence());
  if (active_) send_wanted();
}

void Keeper::fail_own_check(int32_t status, const std::string& sentence) {
  if (!std::exchange(checking_, false)) return;
  parts_.listener.on_check_failed(told_.id, {}, status, sentence);
}

// That a driver has no events is no fault; whatever else keeps them away is shown.
void Keeper::on_wait_failed(const CallFailure& failure) {
  if (failure.head.status == FH_E_UNSUPPORTED) return;
  told_.last_error = "events: " + failure.sentence();
  log::warn("a plugin's events cannot be had now",
            {{"plugin", told_.id}, {"reason", failure.sentence()}});
  tell_state();
}

void Keeper::on_log(int32_t level, const std::string& line, uint32_t dropped) {
  told_.log_lines_dropped += dropped;
  const log::Level levels[] = {log::Level::kDebug, log::Level::kInfo, log::Level::kWarn,
                               log::Level::kError};
  const log::Level as = levels[std::clamp(level, 0, 3)];
  if (as < log::level()) return;
  if (dropped == 0) return log::write(as, line, {{"plugin", told_.id}});
  log::write(as, line, {{"plugin", told_.id}, {"lines_dropped_before", dropped}});
}

// A plugin that breaks a rule with every reading would fill the journal: each sentence is told
// once.
void Keeper::on_complaint(const std::string& sentence) {
  if (complaints_.size() >= kComplaintsMax || !complaints_.insert(sentence).second) return;
  told_.last_error = sentence;
  log::warn("a plugin breaks a rule", {{"plugin", told_.id}, {"reason", sentence}});
  tell_state();
}

void Keeper::on_failed(HostProcess& host, const CallFailure& failure) {
  Run& run = run_of(host);
  ++told_.calls_failed;
  switch (failure.head.operation) {
    case frame::Operation::kLoad:
      return refuse(failure.text);
    case frame::Operation::kEnumerate:
      return on_enumerate_failed(run, failure);
    case frame::Operation::kMetrics:
    case frame::Operation::kSample:
      return on_sample_failed(run, failure);
    case frame::Operation::kCheck:
      return on_check_failed(run, failure);
    case frame::Operation::kWait:
      if (&run == active_.get()) on_wait_failed(failure);
      return;
    default: {
      RunSlot* slot = slot_of(host);
      const std::string reason =
          std::string(name_of(failure.head.operation)) + " failed: " + failure.sentence();
      if (slot == &probe_) return on_trial_failed(reason);
      bury(*slot);
      return on_plugin_fault(reason);
    }
  }
}

// No driver or no tool is an answer: there are no devices that could be read. Everything else says
// nothing about devices, so those known are kept.
void Keeper::on_enumerate_failed(Run& run, const CallFailure& failure) {
  told_.last_error = "enumerate: " + failure.sentence();
  const bool unsupported = failure.head.status == FH_E_UNSUPPORTED;
  // Only with the excluded ones could it have listed any: nothing is known of the others, and no
  // device can be tried alone.
  const bool blind = unsupported && !run.excluded.empty();
  if (&run == probe_.get()) return blind ? try_all_again() : on_trial_failed(told_.last_error);
  if (&run == successor_.get() && blind) run.blind = failure.sentence();
  if (unsupported && (!blind || &run == successor_.get())) return on_listed(*run.host, {});
  if (&run == active_.get()) return tell_state();
  bury(successor_);
  on_plugin_fault("enumerate failed: " + failure.sentence());
}

void Keeper::on_sample_failed(Run& run, const CallFailure& failure) {
  const uint32_t device = failure.head.device;
  const bool no_metrics = failure.head.operation == frame::Operation::kMetrics &&
                          failure.head.status == FH_E_UNSUPPORTED;
  // A device without a driver has nothing to read: that is known, not unknown.
  if (no_metrics) return on_metrics(*run.host, device, {});
  // To fail is to answer: the device neither hung nor crashed.
  if (&run == probe_.get()) return on_trial_passed();
  if (&run == active_.get()) {
    if (failure.head.status == FH_E_AGAIN) return book_.take_nothing(device, now_ns());
    return book_.set_unknown(book_.key_of(device), failure.sentence());
  }
  run.failed.emplace_back(device, failure.sentence());
  if (run.metrics_due > 0 && --run.metrics_due == 0) on_all_metrics(run);
}

void Keeper::on_stopped(HostProcess& host) {
  bury(*slot_of(host));
}

}  // namespace farmhand
