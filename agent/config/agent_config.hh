// SPDX-License-Identifier: Apache-2.0
// /etc/farmhand/agent.toml and conf.d/*.toml as a struct. The keys, their defaults and what they
// mean stand in one table in agent_keys.cc; packaging/config/agent.toml documents each in place.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hh"
#include "base/result.hh"
#include "config/values.hh"

namespace farmhand {

// [plugins.<id>]: what the operator wants of one plugin.
struct PluginConfig {
  std::string id;
  bool enabled = true;
  std::chrono::milliseconds interval{0};      // 0: [telemetry] interval
  std::chrono::milliseconds deadline{0};      // 0: half of the larger of the interval and 1 s
  std::string user;                           // empty: the manifest's
  uint32_t cpu_max_percent = 80;              // of one core; 0: no limit
  uint64_t memory_max = uint64_t{512} << 20;  // resident bytes; 0: no limit
  std::vector<std::pair<std::string, std::string>> settings;  // arrays joined by commas
  bool operator==(const PluginConfig&) const = default;
};

// `metrics = { "power" = "10ms", "link.*" = "10s" }`
struct MetricInterval {
  std::string pattern;  // a metric's name, or a prefix that ends in `.*`
  std::chrono::milliseconds interval{0};
  bool operator==(const MetricInterval&) const = default;
};

struct AgentConfig {
  struct {
    std::string name;  // filled with the host name where the file says nothing
  } node;
  struct {
    std::string state_dir = "/var/lib/farmhand";
    std::string runtime_dir = "/run/farmhand";
    std::vector<std::string> plugin_dirs = {"/usr/lib/farmhand/plugins"};
    std::string plugin_host = "/usr/libexec/farmhand/farmhand-plugin-host";
    std::vector<std::string> check_dirs = {"/usr/lib/farmhand/checks.d", "/etc/farmhand/checks.d"};
  } paths;
  struct {
    std::string url;  // empty: the agent stands alone
    std::string ca;
    std::string cert;
    std::string key;
  } coordinator;
  struct {
    std::chrono::milliseconds interval{1000};
    std::vector<MetricInterval> metrics;
  } telemetry;
  struct {
    Address listen = loopback(9464);
  } metrics;
  struct {
    uint64_t size_max = uint64_t{2} << 30;
  } outbox;
  struct {
    uint32_t quarantine_max_percent = 25;
    std::chrono::milliseconds reentry_ok_for{300'000};
    std::optional<std::vector<std::string>> expected;  // nothing: learned
  } health;
  struct {
    log::Level level = log::Level::kInfo;
  } log;
  struct {
    std::vector<std::string> trusted_keys;
  } commands;
  std::optional<std::vector<std::string>> plugins_enabled;  // nothing: every plugin found
  std::vector<PluginConfig> plugins;                        // sorted by id

  const PluginConfig* find_plugin(std::string_view id) const;
  PluginConfig plugin(std::string_view id) const;  // what is written, else the defaults
  bool plugin_enabled(std::string_view id) const;
};

// Reads `path`, then every *.toml of `conf_d_dir` in the order of their names; a later one wins per
// key. An absent or empty directory name is no error, an absent `path` is kNotFound. Every mistake
// of every file is in the sentence, one per line: `agent.toml:12: unknown key …`.
Result<AgentConfig> load_agent_config(const std::string& path, const std::string& conf_d_dir);

// What is in force, as TOML that loads again; for `farmhand config show`.
std::string render_effective(const AgentConfig& config);

// What a change of a key takes.
enum class Effect : uint8_t {
  kReload,   // SIGHUP is enough
  kHost,     // SIGHUP; the plugin's host process is started anew
  kRestart,  // takes effect when the agent is next started
};

struct ConfigChange {
  std::string key;  // `telemetry.interval`, `plugins.sim.settings`
  Effect effect = Effect::kReload;
};

std::vector<ConfigChange> diff(const AgentConfig& old_config, const AgentConfig& new_config);
// The names of changed keys that SIGHUP cannot apply.
std::vector<std::string> diff_needs_restart(const AgentConfig& old_config,
                                            const AgentConfig& new_config);

// One line of the table of keys, as text; `plugins.<id>.…` stands for any plugin.
struct KeyDoc {
  std::string name;
  std::string type;           // `duration`, `file`, `array of names`, …
  std::string default_value;  // as TOML; empty: none
  std::string help;
  Effect effect = Effect::kReload;
};
std::vector<KeyDoc> agent_config_keys();

}  // namespace farmhand
