// SPDX-License-Identifier: Apache-2.0
// Runs every plugin in a host process of its own and keeps the readings coming: a plugin that
// crashes, hangs, spins or leaks costs at most its own device. See README.md for the ways of a
// device into quarantine and back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "loop/loop.hh"
#include "plugin/finding.hh"
#include "plugin/model.hh"
#include "plugin/package.hh"
#include "plugin/status.hh"

namespace farmhand {

// The operator's word on one plugin: `[plugins.<id>]`.
struct PluginSettings {
  uint64_t interval_ms = 1000;
  uint64_t deadline_ms = 0;       // of one call; 0: half of the larger of the interval and 1 s
  std::string user;               // instead of the manifest's; empty: the manifest's
  uint32_t cpu_max_percent = 80;  // of one core, over three looks; 0: no limit
  uint64_t memory_max_bytes = 512ull << 20;                   // resident; 0: no limit
  std::vector<std::pair<std::string, std::string>> settings;  // `[plugins.<id>.settings]`
};

class Supervisor {
 public:
  // What the supervisor tells, on the loop; on_devices and on_plugin_state also from inside `add`
  // and `remove`. May call `sample`, nothing else.
  struct Listener {
    virtual ~Listener() = default;
    // The plugin's devices changed; the list is whole, quarantined devices included.
    virtual void on_devices(const std::string& plugin, const std::vector<DeviceInfo>& devices) = 0;
    // The device's series, whole, when they changed. From here on `sample` works for it.
    virtual void on_metrics(const std::string& key, const std::vector<MetricInfo>& metrics) = 0;
    virtual void on_samples(const std::string& key, std::span<const Sample> samples) = 0;
    // No readings until on_device_back; `reason` is one sentence. May come again, reason changed.
    virtual void on_device_unknown(const std::string& key, const std::string& reason) = 0;
    virtual void on_device_back(const std::string& key) = 0;
    virtual void on_plugin_state(const PluginStatus& status) = 0;
    // The answer to `check`: one of the two, once for each. `key` empty: of driver and library. The
    // findings are all that the plugin checks; the status is an FH_E_*, FH_E_AGAIN where the host
    // was lost meanwhile.
    virtual void on_findings(const std::string& /*plugin*/, const std::string& /*key*/,
                             std::span<const Finding> /*findings*/) {}
    virtual void on_check_failed(const std::string& /*plugin*/, const std::string& /*key*/,
                                 int32_t /*status*/, const std::string& /*sentence*/) {}
    // Something happened. At most 100 a second of one plugin.
    virtual void on_event(const std::string& /*plugin*/, const PluginEvent& /*event*/) {}
  };

  // The times are here so that a test can shorten them; the defaults are the design's.
  struct Options {
    std::string plugin_host_path;       // the farmhand-plugin-host program
    std::vector<std::string> host_env;  // empty: PATH and LC_ALL only
    int host_stderr = -1;               // a descriptor for the hosts' stderr; -1: /dev/null
    uint64_t start_ms = 10'000;         // create and start together
    uint64_t enumerate_ms = 5'000;      // one enumeration
    uint64_t rescan_ms = 30'000;        // between enumerations
    uint64_t handover_ms = 1'000;       // an old host's time once its successor was started
    uint64_t kill_ms = 2'000;           // after SIGKILL, then the host counts as parked
    uint64_t stop_ms = 1'000;           // for an orderly stop, then SIGKILL
    uint64_t account_ms = 2'000;        // between looks at CPU and memory
    uint64_t backoff_min_ms = 1'000;
    uint64_t backoff_max_ms = 300'000;
    uint64_t stable_ms = 60'000;    // well for this long: failures are forgotten
    uint32_t breaker_failures = 8;  // in a row: from then on the slowest pace
  };

  Supervisor(Loop& loop, const Clock& clock, Options options, Listener& listener);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts the plugin. Refused when its id is taken or its user does not exist here.
  Result<void> add(VerifiedPlugin plugin, PluginSettings settings);
  // Shows a package that did not pass in `plugins()`.
  void refuse(const std::string& id, const Error& why);
  // Stops the plugin and forgets it; its devices are told as an empty list.
  void remove(const std::string& id);

  // Asks for a reading. Requests of one loop turn travel together; one that comes while the device
  // is still answering waits and is merged with others. kNotFound: no such device or no metrics
  // yet; kUnavailable: unknown at the moment.
  Result<void> sample(const std::string& key, std::span<const uint32_t> metric_ids);

  // Asks a plugin what it finds of a device; `key` empty: of its driver and library as such. One at
  // a time: asked again before the answer it changes nothing. kUnsupported: the plugin has no
  // checks; kNotFound, kUnavailable as above.
  Result<void> check(const std::string& plugin, const std::string& key);
  bool has_checks(const std::string& plugin) const;

  // Gives up every handle of the device, and touches it no more until `take_up`: a fresh host
  // without it takes the place of the one that has it open, its siblings are read on. It is unknown
  // meanwhile, with `reason`. kNotFound: no such device.
  Result<void> let_go(const std::string& key, const std::string& reason);
  void take_up(const std::string& key);

  void rescan();                       // enumerate now
  bool retry(const std::string& key);  // try a quarantined device now; false: it is not quarantined

  std::vector<PluginStatus> plugins() const;

  // Orderly stop of every host, at most stop_ms; hosts stuck in the kernel are left behind. `done`
  // runs on the loop; nothing is called after it.
  void stop(std::function<void()> done);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace farmhand
