// SPDX-License-Identifier: Apache-2.0
// A coordinator that runs elsewhere or in another process, asked over HTTPS by the command line.
#pragma once

#include <string>

#include "base/result.hh"

namespace farmhand::coordinator {

struct Remote {
  std::string url;  // https://host:port
  std::string ca_file;
  std::string token;
};

// The server of this state directory, with its admin token.
Result<Remote> remote_of(const std::string& state_dir);

// One request, waited for. A status other than 200 is an error, with the server's sentence.
Result<std::string> ask_remote(const Remote& remote, const std::string& method,
                               const std::string& path);

}  // namespace farmhand::coordinator
