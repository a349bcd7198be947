// SPDX-License-Identifier: Apache-2.0
// What the `fleet` commands share.
#pragma once

#include <memory>

#include "cli/coordinator_client.hh"

namespace farmhand::cli {

void declare_fleet_nodes(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where);
void declare_fleet_devices(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where);
void declare_fleet_metrics(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where);
void declare_fleet_capacity(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where);
void declare_fleet_health(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where);
void declare_fleet_refresh(CLI::App& fleet, Context& context, std::shared_ptr<Coordinator> where);

// Asks, then shows: the whole of most fleet commands. `seen` looks at the answer, too.
Result<void> show_from(const Context& context, const Coordinator& where, const std::string& path,
                       const Query& query,
                       const std::function<std::string(const Document&, const Terminal&)>& drawn,
                       const std::function<void(const Document&)>& seen = {});

// The host name where it is known, else the node's id.
std::string node_of(const Document& row);

}  // namespace farmhand::cli
