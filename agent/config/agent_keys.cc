// SPDX-License-Identifier: Apache-2.0
#include "config/agent_keys.hh"

namespace farmhand {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kIntervalMin = 10ms;
constexpr milliseconds kIntervalMax = 24h;

// One below the other, in the order of the file.
void add_identity(Keys<AgentConfig>& keys) {
  keys.push_back(key<AgentConfig>(
      "node.name", name_type("name", 253), [](auto& c) -> auto& { return c.node.name; },
      Effect::kRestart, "What people call this node. Absent: the host name."));
  keys.push_back(key<AgentConfig>(
      "paths.state_dir", path_type("directory"), [](auto& c) -> auto& { return c.paths.state_dir; },
      Effect::kRestart, "What must survive a reboot: identity, credential, queue."));
  keys.push_back(key<AgentConfig>(
      "paths.runtime_dir", path_type("directory"),
      [](auto& c) -> auto& { return c.paths.runtime_dir; }, Effect::kRestart,
      "The control socket and other things of this boot."));
  keys.push_back(key<AgentConfig>(
      "paths.plugin_dirs", paths_type("array of directories"),
      [](auto& c) -> auto& { return c.paths.plugin_dirs; }, Effect::kRestart,
      "Where plugins are looked for: <id>.toml beside its library."));
  keys.push_back(key<AgentConfig>(
      "paths.plugin_host", path_type("file"), [](auto& c) -> auto& { return c.paths.plugin_host; },
      Effect::kRestart, "The program that holds one plugin each."));
  keys.push_back(key<AgentConfig>(
      "paths.check_dirs", paths_type("array of directories"),
      [](auto& c) -> auto& { return c.paths.check_dirs; }, Effect::kReload,
      "Where check files are looked for: *.toml, the later directory's masking the earlier's."));
}

void add_coordinator(Keys<AgentConfig>& keys) {
  keys.push_back(key<AgentConfig>(
      "coordinator.url", uplink_url_type(), [](auto& c) -> auto& { return c.coordinator.url; },
      Effect::kRestart, "Where the coordinator is. Absent: this node stands alone."));
  keys.push_back(key<AgentConfig>(
      "coordinator.ca", path_type("file"), [](auto& c) -> auto& { return c.coordinator.ca; },
      Effect::kRestart,
      "The CA, in PEM, that signed the coordinator's certificate. No other is "
      "trusted, the system's neither."));
  keys.push_back(key<AgentConfig>(
      "coordinator.cert", path_type("file"), [](auto& c) -> auto& { return c.coordinator.cert; },
      Effect::kRestart,
      "This node's client certificate, in PEM. Absent: the credential that "
      "`farmhand enroll` obtained."));
  keys.push_back(key<AgentConfig>(
      "coordinator.key", path_type("file"), [](auto& c) -> auto& { return c.coordinator.key; },
      Effect::kRestart, "The private key of the client certificate, in PEM."));
}

void add_measuring(Keys<AgentConfig>& keys) {
  keys.push_back(key<AgentConfig>(
      "telemetry.interval", duration_type(kIntervalMin, kIntervalMax),
      [](auto& c) -> auto& { return c.telemetry.interval; }, Effect::kReload,
      "How often metrics are read."));
  keys.push_back(key<AgentConfig>(
      "telemetry.metrics", metric_intervals_type(),
      [](auto& c) -> auto& { return c.telemetry.metrics; }, Effect::kReload,
      "Other intervals for single metrics, by name or by a prefix that ends in .*; the name wins, "
      "then the longest prefix."));
  keys.push_back(key<AgentConfig>(
      "metrics.listen", address_type(true), [](auto& c) -> auto& { return c.metrics.listen; },
      Effect::kRestart, "Where Prometheus finds /metrics. \"\": nowhere."));
}

void add_health(Keys<AgentConfig>& keys) {
  keys.push_back(key<AgentConfig>(
      "health.quarantine_max_percent", whole_number_type("percent", 0, 100),
      [](auto& c) -> auto& { return c.health.quarantine_max_percent; }, Effect::kReload,
      "Of the node's devices, how many the agent may quarantine at once; at least one. A bad check "
      "must not take a whole node."));
  keys.push_back(key<AgentConfig>(
      "health.reentry_ok_for", duration_type(1s, 24h),
      [](auto& c) -> auto& { return c.health.reentry_ok_for; }, Effect::kReload,
      "How long a quarantined device has to be well before it may be used again."));
  keys.push_back(key<AgentConfig>(
      "health.expected", expected_devices_type(),
      [](auto& c) -> auto& { return c.health.expected; }, Effect::kReload,
      "The devices this node should have, such as \"furiosa/rngd:8\". Absent: those that were "
      "seen before."));
}

void add_the_rest(Keys<AgentConfig>& keys) {
  keys.push_back(key<AgentConfig>(
      "outbox.size_max", size_type(uint64_t{16} << 20),
      [](auto& c) -> auto& { return c.outbox.size_max; }, Effect::kRestart,
      "The most that queue.db may take on the disk. Beyond it telemetry thins out first and "
      "results stay to the last."));
  keys.push_back(key<AgentConfig>(
      "log.level", level_type(), [](auto& c) -> auto& { return c.log.level; }, Effect::kReload,
      "How much is logged: debug, info, warn or error."));
  keys.push_back(key<AgentConfig>(
      "commands.trusted_keys", paths_type("array of files"),
      [](auto& c) -> auto& { return c.commands.trusted_keys; }, Effect::kRestart,
      "Public Ed25519 keys, in PEM, whose signed commands this node obeys. None: no command is "
      "obeyed."));
  keys.push_back(key<AgentConfig>(
      "plugins.enabled", plugin_ids_type(), [](auto& c) -> auto& { return c.plugins_enabled; },
      Effect::kReload, "The plugins to run, by id. Absent: every plugin found."));
}

Keys<AgentConfig> make_agent_keys() {
  Keys<AgentConfig> keys;
  add_identity(keys);
  add_coordinator(keys);
  add_measuring(keys);
  add_health(keys);
  add_the_rest(keys);
  return keys;
}

Keys<PluginConfig> make_plugin_keys() {
  Keys<PluginConfig> keys;
  keys.push_back(key<PluginConfig>(
      "plugins.<id>.enabled", boolean_type(), [](auto& c) -> auto& { return c.enabled; },
      Effect::kReload, "false: the plugin is found and not run."));
  keys.push_back(key<PluginConfig>(
      "plugins.<id>.interval", duration_type(kIntervalMin, kIntervalMax, true),
      [](auto& c) -> auto& { return c.interval; }, Effect::kHost,
      "How often this plugin's metrics are read. \"0\": as [telemetry] interval says."));
  keys.push_back(key<PluginConfig>(
      "plugins.<id>.deadline", duration_type(10ms, 10min, true),
      [](auto& c) -> auto& { return c.deadline; }, Effect::kHost,
      "How long one call may take before the device counts as hung. \"0\": half of the larger of "
      "the interval and 1 s."));
  keys.push_back(key<PluginConfig>(
      "plugins.<id>.user", name_type("user", 32), [](auto& c) -> auto& { return c.user; },
      Effect::kHost, "The user its host runs as. Absent: the manifest's."));
  keys.push_back(key<PluginConfig>(
      "plugins.<id>.cpu_max_percent", whole_number_type("percent", 0, 100'000),
      [](auto& c) -> auto& { return c.cpu_max_percent; }, Effect::kHost,
      "Of one core; a host that stays above is started anew. 0: no limit."));
  keys.push_back(key<PluginConfig>(
      "plugins.<id>.memory_max", size_type(uint64_t{1} << 20, true),
      [](auto& c) -> auto& { return c.memory_max; }, Effect::kHost,
      "Resident memory; a host above it is started anew. \"0\": no limit."));
  keys.push_back(key<PluginConfig>(
      "plugins.<id>.settings", settings_type(), [](auto& c) -> auto& { return c.settings; },
      Effect::kHost,
      "The plugin's own settings, as its manifest lists them: text, numbers, true or false, or "
      "arrays of these. Never a secret: give the path of a file that holds it."));
  return keys;
}

}  // namespace

const Keys<AgentConfig>& agent_keys() {
  static const Keys<AgentConfig> keys = make_agent_keys();
  return keys;
}

const Keys<PluginConfig>& plugin_keys() {
  static const Keys<PluginConfig> keys = make_plugin_keys();
  return keys;
}

}  // namespace farmhand
