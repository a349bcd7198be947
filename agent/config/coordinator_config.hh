// SPDX-License-Identifier: Apache-2.0
// /etc/farmhand/coordinator.toml as a struct.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/log.hh"
#include "base/result.hh"
#include "config/agent_config.hh"
#include "config/values.hh"

namespace farmhand {

struct CoordinatorConfig {
  struct {
    Address address = loopback(7443);
    std::string cert;       // the server certificate, PEM
    std::string key;        // its private key
    std::string client_ca;  // empty: nodes show credentials only, no client certificates
  } listen;
  struct {
    std::string state_dir = "/var/lib/farmhand-coordinator";
  } paths;
  struct {
    double target_petaflops = 10;
  } capacity;
  struct {
    log::Level level = log::Level::kInfo;
  } log;
  struct {
    std::chrono::milliseconds keep{std::chrono::hours(24)};  // older telemetry is deleted
  } telemetry;
};

Result<CoordinatorConfig> load_coordinator_config(const std::string& path);
std::string render_effective(const CoordinatorConfig& config);
std::vector<std::string> diff_needs_restart(const CoordinatorConfig& old_config,
                                            const CoordinatorConfig& new_config);
std::vector<KeyDoc> coordinator_config_keys();

}  // namespace farmhand
