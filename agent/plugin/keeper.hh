// SPDX-License-Identifier: Apache-2.0
// Keeps one plugin running. At most three hosts at a time:
//
//   active     the one that is read
//   successor  started beside it, without the quarantined devices; takes its place once it has
//   listed
//              its devices and their metrics
//   probe      tries one quarantined device, and touches no other: when that device answers, a
//              successor with it is started; when it hangs or crashes, only the probe dies
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "loop/loop.hh"
#include "loop/timer.hh"
#include "plugin/budget.hh"
#include "plugin/device_book.hh"
#include "plugin/graves.hh"
#include "plugin/host_process.hh"
#include "plugin/latency.hh"
#include "plugin/quarantine.hh"
#include "plugin/supervisor.hh"

namespace farmhand {

class Keeper final : private HostProcess::Listener {
 public:
  struct Parts {
    Loop& loop;
    const Clock& clock;
    const Supervisor::Options& options;
    Supervisor::Listener& listener;
    KeyOwners& owners;
  };
  Keeper(Parts parts, VerifiedPlugin plugin, PluginSettings settings, std::string identity);

  void start();
  Result<void> sample(const std::string& key, std::span<const uint32_t> ids);
  Result<void> check(const std::string& key);
  bool has_checks() const;
  void let_go(const std::string& key, const std::string& reason);
  void take_up(const std::string& key);
  void rescan();
  bool retry(const std::string& key);
  void look();  // at CPU and memory
  PluginStatus status() const;

  void stop();         // orderly
  void kill_all();     // what is still there
  bool ended() const;  // no process left that can be waited for
  void forget();       // its devices are told as gone

 private:
  // A host and how far it has come.
  struct Run {
    std::unique_ptr<HostProcess> host;
    std::string trial;  // the key a probe tries
    std::vector<std::string> excluded;
    std::vector<ListedDevice> listed;
    std::vector<std::pair<uint32_t, std::vector<MetricInfo>>> metrics;
    std::vector<std::pair<uint32_t, std::string>> failed;  // devices whose metrics call failed
    std::vector<std::pair<uint32_t, PluginEvent>> events;  // until it is the active one
    size_t metrics_due = 0;
    bool proof_read = false;     // a probe: its device has been read, now it is checked
    std::string blind;           // why it lists nothing while it keeps off some; empty: it lists
    bool condemned = false;      // a call hangs in it: it is read no longer than necessary
    bool listing_hangs = false;  // its enumeration: its devices can still be read
    uint64_t since_ns = 0;
  };
  using RunSlot = std::unique_ptr<Run>;

  void on_started(HostProcess& host, const frame::Started& started) override;
  void on_listed(HostProcess& host, std::vector<ListedDevice> devices) override;
  void on_metrics(HostProcess& host, uint32_t device, std::vector<MetricInfo> all) override;
  void on_samples(HostProcess& host, uint32_t device, std::span<const Sample> all) override;
  void on_findings(HostProcess& host, uint32_t device, std::vector<Finding> all) override;
  void on_events(HostProcess& host, std::vector<std::pair<uint32_t, PluginEvent>> events) override;
  void on_failed(HostProcess& host, const CallFailure& failure) override;
  void on_log(int32_t level, const std::string& line, uint32_t dropped) override;
  void on_complaint(const std::string& sentence) override;
  void on_call_time(uint64_t elapsed_ns) override { latency_.add(elapsed_ns); }
  void on_stopped(HostProcess& host) override;
  void on_ended(HostProcess& host, const HostProcess::Fault& fault,
                const std::string& how) override;

  Run& run_of(const HostProcess& host);
  RunSlot* slot_of(const HostProcess& host);
  std::string key_in(const Run& run, uint32_t device) const;

  RunSlot launch(std::vector<std::string> excluded);
  void bury(RunSlot& slot);
  void start_successor();
  void start_probe();
  void on_all_metrics(Run& run);
  void take_over();
  void take_list(const std::vector<ListedDevice>& listed);
  void on_trial_passed();
  void try_all_again();
  void prove(Run& probe);
  void prove_checks(Run& probe);
  void tell_events(std::vector<std::pair<uint32_t, PluginEvent>>& events);

  void on_enumerate_failed(Run& run, const CallFailure& failure);
  void on_sample_failed(Run& run, const CallFailure& failure);
  void on_check_failed(Run& run, const CallFailure& failure);
  void on_wait_failed(const CallFailure& failure);
  void fail_own_check(int32_t status, const std::string& sentence);
  void check_deadlines();
  void on_overdue(RunSlot& slot, const HostProcess::Fault& fault);
  void on_listing_hangs(const std::string& reason);
  void on_own_check_hangs(const std::string& reason);
  void on_trial_failed(const std::string& reason);
  void hold(const std::string& key, const std::string& reason);
  void remember(const Run& run, uint32_t device);
  void hold_again(const std::string& reason);
  void on_plugin_fault(const std::string& reason);
  void refuse(const std::string& reason);
  void replace(const std::string& reason);

  void set_state(PluginState state);
  void tell_state();
  void send_wanted();
  void arm_deadline();
  void arm_trial();
  void watch_gap();
  uint64_t now_ns() const { return parts_.clock.boottime_ns(); }
  uint64_t in_ms(uint64_t ms) const { return now_ns() + ms * 1'000'000; }
  uint64_t interval_ms() const;
  uint64_t call_deadline_ns() const;

  Parts parts_;
  const VerifiedPlugin plugin_;
  const PluginSettings settings_;
  const std::string identity_;
  const RetryPace pace_;
  DeviceBook book_;
  Quarantine quarantine_;
  Budget budget_;
  LatencyHistogram latency_;
  PluginStatus told_;  // counters and state; the rest is filled in by status()
  uint32_t failures_ = 0;
  uint64_t failed_ns_ = 0;
  bool launched_ = false;  // ever
  bool was_read_ = false;  // ever
  bool stopping_ = false;
  std::set<std::string> complaints_;  // each is told once
  bool checking_ = false;             // driver and library, which is no device's call
  uint32_t check_hangs_ = 0;          // of those, in a row
  uint64_t next_check_ns_ = 0;        // no such check before
  uint64_t overdue_seen_ns_ = 0;      // 0: not at the first look
  uint64_t armed_for_ns_ = 0;         // what deadline_timer_ waits for
  Graves graves_;
  RunSlot active_;
  RunSlot successor_;
  RunSlot probe_;
  Timer send_timer_;      // the end of this loop turn
  Timer deadline_timer_;  // the earliest deadline
  Timer handover_timer_;  // a condemned host's end
  Timer gap_timer_;       // how long there may be no active host
  Timer retry_timer_;     // the plugin's next try
  Timer trial_timer_;     // a quarantined device's next try
  Timer rescan_timer_;
  Timer proof_timer_;  // devices whose readings stopped are asked again
};

}  // namespace farmhand
