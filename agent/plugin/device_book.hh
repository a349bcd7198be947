// SPDX-License-Identifier: Apache-2.0
// One plugin's devices over the lives of its hosts: which there are, what they measure, what is
// wanted of them, and what the listener was told.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugin/host_process.hh"
#include "plugin/model.hh"
#include "plugin/quarantine.hh"
#include "plugin/supervisor.hh"

namespace farmhand {

// Which plugin a key belongs to: the first that listed it.
using KeyOwners = std::map<std::string, std::string, std::less<>>;

class DeviceBook {
 public:
  DeviceBook(const PluginManifest& manifest, KeyOwners& owners, Supervisor::Listener& listener)
      : plugin_(manifest.id), vendor_(manifest.vendor), owners_(owners), listener_(listener) {}

  // An enumeration by the host in use. Devices not listed are gone, unless quarantined.
  void take_list(const std::vector<ListedDevice>& listed, const Quarantine& quarantine);
  // One that a host listed and failed at before it could be used: it is there, and it is shown.
  void remember(const ListedDevice& device);
  // Once: why a listed device was not taken; empty: all were.
  std::string take_clash() { return std::exchange(clash_, {}); }
  void take_metrics(uint32_t handle, const std::vector<MetricInfo>& metrics);
  // Readings: of a device that was unknown they are the proof that it is back.
  void take_samples(uint32_t handle, std::span<const Sample> samples);
  // Nothing to be had just now: the answer that was promised, without values.
  void take_nothing(uint32_t handle, uint64_t now_ns);
  void take_findings(uint32_t handle, std::span<const Finding> findings);
  void take_check_failure(uint32_t handle, int32_t status, const std::string& sentence);
  void set_unknown(const std::string& key, const std::string& reason);
  void set_all_unknown(const std::string& reason);
  // No host is in use: what was asked of it is wanted again.
  void unbind();
  void unbind(const std::string& key);
  void clear();  // all devices are gone

  // To be asked at the next `send`, with what is wanted already.
  Result<void> want(const std::string& key, std::span<const uint32_t> ids);
  // To be checked before it is read again: a device answers one call at a time.
  Result<void> want_check(const std::string& key);
  // Everything of the devices whose readings have stopped: to see whether they are back.
  bool want_proofs();
  void send(HostProcess& host, uint64_t deadline_ns);

  std::string key_of(uint32_t handle) const;  // empty: none
  bool is_bound(const std::string& key) const;
  std::vector<std::string> keys() const;
  size_t size() const { return devices_.size(); }

 private:
  struct Entry {
    DeviceInfo info;
    std::vector<MetricInfo> metrics;
    bool metrics_known = false;
    std::string unknown;                 // why there are no readings; empty: there are
    uint32_t handle = frame::kNoDevice;  // in the host in use
    std::vector<uint32_t> wanted;
    std::vector<uint32_t> asked;  // on the way
    bool check_wanted = false;
    bool checking = false;
  };
  Entry* find(uint32_t handle);
  Result<Entry*> readable(const std::string& key);
  void drop_check(Entry& entry, const std::string& why);
  bool take_device(const ListedDevice& device);
  void tell_devices();
  static void restore(Entry& entry);

  const std::string plugin_;
  const std::string vendor_;
  KeyOwners& owners_;
  Supervisor::Listener& listener_;
  std::map<std::string, Entry> devices_;
  bool told_ = false;
  std::string clash_;
};

}  // namespace farmhand
