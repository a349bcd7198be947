// SPDX-License-Identifier: Apache-2.0
#include "config/coordinator_config.hh"

#include "base/file.hh"
#include "config/keys.hh"

namespace farmhand {

namespace {

using namespace std::chrono_literals;

Keys<CoordinatorConfig> make_keys() {
  using C = CoordinatorConfig;
  Keys<C> keys;
  keys.push_back(key<C>(
      "listen.address", address_type(false), [](auto& c) -> auto& { return c.listen.address; },
      Effect::kRestart, "Where nodes, people and scripts reach it, always by TLS."));
  keys.push_back(key<C>(
      "listen.cert", path_type("file"), [](auto& c) -> auto& { return c.listen.cert; },
      Effect::kRestart, "The server certificate and its chain, in PEM."));
  keys.push_back(key<C>(
      "listen.key", path_type("file"), [](auto& c) -> auto& { return c.listen.key; },
      Effect::kRestart, "The private key of the server certificate, in PEM."));
  keys.push_back(key<C>(
      "listen.client_ca", path_type("file"), [](auto& c) -> auto& { return c.listen.client_ca; },
      Effect::kRestart,
      "The CA, in PEM, of the nodes' client certificates. Absent: nodes show the "
      "credential they got when they enrolled."));
  keys.push_back(key<C>(
      "paths.state_dir", path_type("directory"), [](auto& c) -> auto& { return c.paths.state_dir; },
      Effect::kRestart, "The coordinator's database and its keys."));
  keys.push_back(key<C>(
      "capacity.target_petaflops", number_type(0, 1e6),
      [](auto& c) -> auto& { return c.capacity.target_petaflops; }, Effect::kReload,
      "What the farm is meant to deliver; `farmhand fleet capacity` compares with it."));
  keys.push_back(key<C>(
      "log.level", level_type(), [](auto& c) -> auto& { return c.log.level; }, Effect::kReload,
      "How much is logged: debug, info, warn or error."));
  keys.push_back(key<C>(
      "telemetry.keep", duration_type(1min, 365 * 24h),
      [](auto& c) -> auto& { return c.telemetry.keep; }, Effect::kReload,
      "How long samples are kept; older ones are deleted."));
  return keys;
}

const Keys<CoordinatorConfig>& keys() {
  static const Keys<CoordinatorConfig> all = make_keys();
  return all;
}

}  // namespace

Result<CoordinatorConfig> load_coordinator_config(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto root = toml::parse(*text, path);
  if (!root) return root.error();
  CoordinatorConfig config;
  Problems problems(path);
  apply_file(*root, keys(), config, problems);
  if (config.listen.cert.empty() != config.listen.key.empty()) {
    problems.add(0, "[listen] needs both 'cert' and 'key', or neither");
  }
  if (!problems.none()) return problems.error();
  return config;
}

std::string render_effective(const CoordinatorConfig& config) {
  return render_keys(config, keys());
}

std::vector<std::string> diff_needs_restart(const CoordinatorConfig& old_config,
                                            const CoordinatorConfig& new_config) {
  return names_of_restarts(diff_keys(old_config, new_config, keys()));
}

std::vector<KeyDoc> coordinator_config_keys() {
  return docs_of(keys());
}

}  // namespace farmhand
