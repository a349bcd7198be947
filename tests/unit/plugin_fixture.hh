// SPDX-License-Identifier: Apache-2.0
// A supervisor on a real loop with real plugin hosts, and a listener that writes down what it
// heard.
#pragma once

#include <doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bad_plugins.hh"
#include "base/digest.hh"
#include "base/log.hh"
#include "loop/loop.hh"
#include "loop/timer.hh"
#include "plugin/supervisor.hh"

namespace farmhand {

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A folder that is gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = "/tmp/farmhand-plugin-XXXXXX";
    path_ = ::mkdtemp(path.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    CHECK(write_file_atomically(file(name), content, 0644));
  }

 private:
  std::string path_;
};

using Interfaces = std::vector<std::string>;
inline const Interfaces kReadable = {"farmhand.devices/1", "farmhand.telemetry/1"};

inline std::string manifest_for(const std::string& library, const std::string& sha256,
                                const Interfaces& interfaces = kReadable) {
  std::string list;
  for (const std::string& id : interfaces) list += (list.empty() ? "\"" : ", \"") + id + '"';
  return "id = \"bad\"\nvendor = \"acme\"\nversion = \"1.0\"\nabi = {major = 1, minor = 0}\n"
         "library = \"" +
         library + "\"\nsha256 = \"" + sha256 + "\"\ninterfaces = [" + list + "]\n";
}

// Puts one of the test plugins, with a manifest that fits, into the folder; the manifest's path.
inline std::string install(const TemporaryFolder& folder, const std::string& name,
                           const Interfaces& interfaces = kReadable) {
  const auto library = read_file(std::string(BAD_PLUGINS) + "/" + name + ".so", 16 << 20);
  REQUIRE(library);
  folder.write(name + ".so", *library);
  folder.write("bad.toml", manifest_for(name + ".so", hex_of(sha256(*library)), interfaces));
  return folder.file("bad.toml");
}

struct Heard final : Supervisor::Listener {
  struct Device {
    std::vector<MetricInfo> metrics;
    std::vector<Sample> last;
    uint64_t count = 0;    // readings heard
    uint64_t last_ns = 0;  // when the last one was heard
    uint64_t longest_gap_ns = 0;
    std::string unknown;  // the reason; empty: not unknown
    int times_unknown = 0;
    int times_back = 0;
  };
  std::vector<DeviceInfo> devices;
  std::map<std::string, Device> by_key;
  PluginStatus status;
  std::map<std::string, std::vector<Finding>> findings;  // the last ones; of the plugin under ""
  std::map<std::string, std::string> check_failed;       // the last sentence
  std::map<std::string, int> answers;                    // to `check`
  std::vector<PluginEvent> events;
  SystemClock clock;

  void on_devices(const std::string&, const std::vector<DeviceInfo>& all) override {
    devices = all;
  }
  void on_metrics(const std::string& key, const std::vector<MetricInfo>& metrics) override {
    by_key[key].metrics = metrics;
  }
  void on_samples(const std::string& key, std::span<const Sample> samples) override {
    Device& device = by_key[key];
    const uint64_t now_ns = clock.boottime_ns();
    if (device.last_ns != 0) {
      device.longest_gap_ns = std::max(device.longest_gap_ns, now_ns - device.last_ns);
    }
    device.last_ns = now_ns;
    device.last.assign(samples.begin(), samples.end());
    ++device.count;
  }
  void on_device_unknown(const std::string& key, const std::string& reason) override {
    by_key[key].unknown = reason;
    ++by_key[key].times_unknown;
  }
  void on_device_back(const std::string& key) override {
    by_key[key].unknown.clear();
    ++by_key[key].times_back;
  }
  void on_plugin_state(const PluginStatus& now) override { status = now; }
  void on_findings(const std::string&, const std::string& key,
                   std::span<const Finding> all) override {
    findings[key].assign(all.begin(), all.end());
    ++answers[key];
  }
  void on_check_failed(const std::string&, const std::string& key, int32_t,
                       const std::string& sentence) override {
    check_failed[key] = sentence;
    ++answers[key];
  }
  void on_event(const std::string&, const PluginEvent& event) override { events.push_back(event); }
};

// One plugin, asked for all it has every 50 ms, with times ten times shorter than in the field.
class Stage {
 public:
  explicit Stage(const std::string& plugin, PluginSettings settings = {},
                 const Interfaces& interfaces = kReadable) {
    log::set_level(log::Level::kError);
    manifest_ = install(folder_, plugin, interfaces);
    Supervisor::Options options;
    options.plugin_host_path = PLUGIN_HOST;
    options.host_stderr = STDERR_FILENO;
    options.start_ms = 1'000;
    options.enumerate_ms = 500;
    options.rescan_ms = 400;
    options.handover_ms = 500;
    options.kill_ms = 200;
    options.account_ms = 200;
    options.backoff_min_ms = 100;
    options.backoff_max_ms = 800;
    options.stable_ms = 5'000;
    supervisor_.emplace(loop_, clock_, options, heard);
    settings.settings.emplace_back("fault", fault_path());
    settings_ = std::move(settings);
    ticker_.emplace(loop_);
  }

  ~Stage() {
    ticker_.reset();
    supervisor_->stop([this] { supervisor_.reset(); });
    loop_.run();
  }

  void start() {
    auto plugin = verify_plugin(manifest_);
    REQUIRE(plugin);
    REQUIRE(supervisor_->add(*std::move(plugin), settings_));
    ticker_->every(50, [this] { ask(); });
  }

  void set_fault(bool on) {
    if (on) folder_.write("fault", "");
    if (!on) ::unlink(fault_path().c_str());
  }

  // Runs until the condition holds; false: it did not in time.
  bool until(const std::function<bool()>& holds, uint64_t limit_ms = 10'000) {
    const uint64_t end_ns = clock_.boottime_ns() + limit_ms * 1'000'000;
    while (!holds() && clock_.boottime_ns() < end_ns) loop_.run_once();
    return holds();
  }
  void run_for(uint64_t ms) {
    until([] { return false; }, ms);
  }
  bool until_both_are_read() {
    const uint64_t a = device("a").count;
    const uint64_t b = device("b").count;
    return until([&, a, b] { return device("a").count > a + 1 && device("b").count > b + 1; });
  }

  Heard::Device& device(const std::string& key) { return heard.by_key[key]; }
  PluginStatus status() { return supervisor_->plugins().at(0); }
  Supervisor& supervisor() { return *supervisor_; }
  TemporaryFolder& folder() { return folder_; }

  Heard heard;

 private:
  std::string fault_path() const { return folder_.file("fault"); }

  void ask() {
    for (auto& [key, device] : heard.by_key) {
      std::vector<uint32_t> ids;
      for (const MetricInfo& metric : device.metrics) ids.push_back(metric.id);
      if (device.unknown.empty() && !ids.empty()) {
        [[maybe_unused]] const auto asked = supervisor_->sample(key, ids);
      }
    }
  }

  TemporaryFolder folder_;
  std::string manifest_;
  PluginSettings settings_;
  Loop loop_;
  SystemClock clock_;
  std::optional<Supervisor> supervisor_;
  std::optional<Timer> ticker_;
};

}  // namespace farmhand
