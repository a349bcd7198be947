// SPDX-License-Identifier: Apache-2.0
#include "config/fleet_config.hh"

#include "base/file.hh"
#include "config/keys.hh"

namespace farmhand {

namespace {

const Keys<FleetConfig>& keys() {
  using C = FleetConfig;
  static const Keys<C> all = [] {
    Keys<C> made;
    made.push_back(key<C>(
        "coordinator.url", name_type("url", 1024),
        [](auto& c) -> auto& { return c.coordinator.url; }, Effect::kReload,
        "Where the coordinator answers: https://host:port."));
    made.push_back(key<C>(
        "coordinator.ca", path_type("file"), [](auto& c) -> auto& { return c.coordinator.ca; },
        Effect::kReload, "The CA, in PEM, that signed its certificate."));
    made.push_back(key<C>(
        "coordinator.token_file", path_type("file"),
        [](auto& c) -> auto& { return c.coordinator.token_file; }, Effect::kReload,
        "A file with an operator token in its first line."));
    return made;
  }();
  return all;
}

}  // namespace

Result<FleetConfig> load_fleet_config(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto root = toml::parse(*text, path);
  if (!root) return root.error();
  FleetConfig config;
  Problems problems(path);
  apply_file(*root, keys(), config, problems);
  if (!problems.none()) return problems.error();
  return config;
}

}  // namespace farmhand
