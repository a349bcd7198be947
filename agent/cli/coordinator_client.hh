// SPDX-License-Identifier: Apache-2.0
// Asks the coordinator, over HTTPS with an operator token.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/command.hh"
#include "cli/format.hh"

namespace farmhand::cli {

// Where it is and who asks: the command line first, then the environment (FARMHAND_FLEET_URL,
// FARMHAND_FLEET_CA, FARMHAND_FLEET_TOKEN_FILE), then ~/.config/farmhand/fleet.toml.
struct Coordinator {
  std::string url;
  std::string ca;
  std::string token_file;
};

// What is missing is filled in; kInvalid, with the three ways, when something stays missing.
Result<Coordinator> completed(Coordinator given);

using Query = std::vector<std::pair<std::string, std::string>>;  // empty values are left out

Result<Document> get(const Coordinator& coordinator, const std::string& path, const Query& query);
Result<Document> post(const Coordinator& coordinator, const std::string& path, std::string body,
                      const std::string& content_type);

}  // namespace farmhand::cli
