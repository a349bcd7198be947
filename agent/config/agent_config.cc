// SPDX-License-Identifier: Apache-2.0
#include "config/agent_config.hh"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file.hh"
#include "config/agent_keys.hh"

namespace farmhand {

namespace {

PluginConfig& plugin_named(AgentConfig& config, const std::string& id) {
  const auto at = std::lower_bound(config.plugins.begin(), config.plugins.end(), id,
                                   [](const PluginConfig& p, const auto& i) { return p.id < i; });
  if (at != config.plugins.end() && at->id == id) return *at;
  PluginConfig fresh;
  fresh.id = id;
  return *config.plugins.insert(at, std::move(fresh));
}

// [plugins] holds a key of its own and one table per plugin.
void apply_plugins(toml::Value table, AgentConfig& config, Problems& problems) {
  const auto is_plugin = [](const toml::Value& v) { return v.type == toml::Type::kTable; };
  for (const toml::Value& member : table.items) {
    if (!is_plugin(member)) continue;
    if (!is_plugin_id(member.key)) {
      problems.add(member.line, "[plugins." + member.key + "]: '" + member.key +
                                    "' is not a plugin id (lower case letters, digits, '-')");
      continue;
    }
    apply_section(member, "plugins." + member.key, "plugins.<id>", plugin_keys(),
                  plugin_named(config, member.key), problems);
  }
  std::erase_if(table.items, is_plugin);
  apply_section(table, "plugins", "plugins", agent_keys(), config, problems);
}

void apply_document(toml::Value root, AgentConfig& config, Problems& problems) {
  for (const toml::Value& member : root.items) {
    if (member.key == "plugins" && member.type == toml::Type::kTable) {
      apply_plugins(member, config, problems);
    }
  }
  std::erase_if(root.items, [](const toml::Value& member) {
    return member.key == "plugins" && member.type == toml::Type::kTable;
  });
  apply_file(root, agent_keys(), config, problems);
}

// A file that cannot be read ends it; a file that is wrong adds to `all`.
Result<void> apply_path(const std::string& path, AgentConfig& config,
                        std::vector<std::string>& all) {
  const auto text = read_file(path);
  if (!text) return text.error();
  Problems problems(path);
  auto root = toml::parse(*text, path);
  if (root) {
    apply_document(std::move(*root), config, problems);
  } else {
    problems.add(root.error());
  }
  all.insert(all.end(), problems.lines().begin(), problems.lines().end());
  return {};
}

Result<std::vector<std::string>> fragments_of(const std::string& dir) {
  std::vector<std::string> paths;
  if (dir.empty()) return paths;
  DIR* const open = ::opendir(dir.c_str());
  if (open == nullptr) {
    if (errno == ENOENT) return paths;
    return error_from_errno("open directory '" + dir + "'", errno);
  }
  while (const dirent* entry = ::readdir(open)) {
    const std::string_view name = entry->d_name;
    // Editors leave hidden files behind; a leading dot is how one sets a fragment aside.
    if (name.ends_with(".toml") && !name.starts_with('.')) {
      paths.push_back(dir + '/' + std::string(name));
    }
  }
  ::closedir(open);
  std::sort(paths.begin(), paths.end());
  return paths;
}

// What no single key can be blamed for.
void check_whole(const AgentConfig& config, const std::string& path,
                 std::vector<std::string>& all) {
  const auto& uplink = config.coordinator;
  if (!uplink.url.empty() && uplink.ca.empty()) {
    all.push_back(path +
                  ": [coordinator] has a 'url' and no 'ca': give the PEM file of the CA that "
                  "signed the coordinator's certificate");
  }
  if (uplink.cert.empty() != uplink.key.empty()) {
    all.push_back(path + ": [coordinator] needs both 'cert' and 'key', or neither");
  }
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unnamed";
  return name.data();
}

}  // namespace

const PluginConfig* AgentConfig::find_plugin(std::string_view id) const {
  for (const PluginConfig& plugin : plugins) {
    if (plugin.id == id) return &plugin;
  }
  return nullptr;
}

PluginConfig AgentConfig::plugin(std::string_view id) const {
  if (const PluginConfig* written = find_plugin(id)) return *written;
  PluginConfig fresh;
  fresh.id = id;
  return fresh;
}

bool AgentConfig::plugin_enabled(std::string_view id) const {
  if (plugins_enabled &&
      std::find(plugins_enabled->begin(), plugins_enabled->end(), id) == plugins_enabled->end()) {
    return false;
  }
  const PluginConfig* const written = find_plugin(id);
  return written == nullptr || written->enabled;
}

Result<AgentConfig> load_agent_config(const std::string& path, const std::string& conf_d_dir) {
  AgentConfig config;
  std::vector<std::string> problems;
  if (auto applied = apply_path(path, config, problems); !applied) return applied.error();
  const auto fragments = fragments_of(conf_d_dir);
  if (!fragments) return fragments.error();
  for (const std::string& fragment : *fragments) {
    if (auto applied = apply_path(fragment, config, problems); !applied) return applied.error();
  }
  check_whole(config, path, problems);
  if (!problems.empty()) {
    std::string all;
    for (const std::string& line : problems) all += (all.empty() ? "" : "\n") + line;
    return Error{Errc::kInvalid, all};
  }
  if (config.node.name.empty()) config.node.name = host_name();
  return config;
}

std::string render_effective(const AgentConfig& config) {
  std::string out = render_keys(config, agent_keys());
  for (const PluginConfig& plugin : config.plugins) {
    std::string section = render_keys(plugin, plugin_keys());
    section.replace(0, std::string_view("[plugins.<id>]").size(), "[plugins." + plugin.id + "]");
    out += '\n' + section;
  }
  return out;
}

std::vector<ConfigChange> diff(const AgentConfig& old_config, const AgentConfig& new_config) {
  auto changes = diff_keys(old_config, new_config, agent_keys());
  std::vector<std::string> ids;
  for (const auto* config : {&old_config, &new_config}) {
    for (const PluginConfig& plugin : config->plugins) ids.push_back(plugin.id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  for (const std::string& id : ids) {
    for (ConfigChange& change :
         diff_keys(old_config.plugin(id), new_config.plugin(id), plugin_keys())) {
      change.key.replace(change.key.find("<id>"), 4, id);
      changes.push_back(std::move(change));
    }
  }
  return changes;
}

std::vector<std::string> names_of_restarts(const std::vector<ConfigChange>& changes) {
  std::vector<std::string> names;
  for (const ConfigChange& change : changes) {
    if (change.effect == Effect::kRestart) names.push_back(change.key);
  }
  return names;
}

std::vector<std::string> diff_needs_restart(const AgentConfig& old_config,
                                            const AgentConfig& new_config) {
  return names_of_restarts(diff(old_config, new_config));
}

std::vector<KeyDoc> agent_config_keys() {
  auto docs = docs_of(agent_keys());
  for (KeyDoc& doc : docs_of(plugin_keys())) docs.push_back(std::move(doc));
  return docs;
}

}  // namespace farmhand
