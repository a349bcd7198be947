// SPDX-License-Identifier: Apache-2.0
// How a node joins a farm: a join token is exchanged, once, for a credential that is this node's
// own. The credential lives in `<state_dir>/credential`, mode 0600.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hh"
#include "base/result.hh"
#include "loop/loop.hh"

namespace farmhand {

namespace net {
class Context;
}
class StoreThread;

struct Credential {
  std::string secret;
  std::string url;      // wss://host:port/v1/sync, where it was enrolled
  std::string ca_file;  // as given at enrolment
  std::string cloud;
  std::vector<std::string> vendors;
};

// The walls this node may take part in: `cloud-vendor`, lower case.
std::vector<std::string> partitions_of(const Credential& credential);

// Nothing when the node was never enrolled; a file that others can read is an error.
Result<std::optional<Credential>> load_credential(const std::string& path);
Result<void> save_credential(const std::string& path, const Credential& credential);

// The sync address of a coordinator named in any of the usual ways: `host:port`,
// `https://host:port`, `wss://host:port/v1/sync`.
Result<std::string> sync_url_from(const std::string& address);

// One exchange. The credential is written before `done` runs. Destroying it drops the answer.
class Enrolment {
 public:
  struct Options {
    std::string url;  // any form that sync_url_from takes
    std::string ca_file;
    std::string cert_file, key_file;  // shown when the coordinator asks for certificates
    std::string join_token;
    Uuid node;
    std::string hostname;
    std::string agent_version;
    std::string credential_path;
  };
  Enrolment(Loop& loop, net::Context& net, StoreThread& store, Options options,
            std::function<void(Result<Credential>)> done);
  ~Enrolment();
  Enrolment(const Enrolment&) = delete;
  Enrolment& operator=(const Enrolment&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace farmhand
