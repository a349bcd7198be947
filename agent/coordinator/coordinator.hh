// SPDX-License-Identifier: Apache-2.0
// The other end of the sync: everything that `farmhand-coordinator serve` runs, built in the order
// of its members. One process per state directory, held by a lock.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hh"
#include "base/file.hh"
#include "coordinator/api.hh"

namespace farmhand::coordinator {

// The files of a state directory.
std::string store_path(const std::string& state_dir);
std::string admin_token_path(const std::string& state_dir);
std::string endpoint_path(const std::string& state_dir);  // where the running server is reached

// kExists: another process serves this directory.
Result<Fd> lock_state_dir(const std::string& state_dir);

class Coordinator {
 public:
  struct Options {
    std::string state_dir;
    std::string address = "127.0.0.1";
    uint16_t port = 7443;  // 0: a free one
    std::string cert, key;
    std::string client_ca;  // empty: no client certificates
    std::string public_ca;  // what local commands check the server by; empty: the certificate
    double target_petaflops = 10;
    ArchiveLimits archive = kArchiveLimits;
    SessionLimits sessions;
  };

  // Opens the store and listens. The first start makes an admin token (admin.token, mode 0600).
  static Result<std::unique_ptr<Coordinator>> start(Loop& loop, const Clock& clock,
                                                    net::Context& net, Options options);

  uint16_t port() const { return server_->port(); }
  size_t sessions() const { return sessions_.size(); }

 private:
  Coordinator(Loop& loop, const Clock& clock, const Options& options, Fd lock,
              std::unique_ptr<Store> store);
  Result<void> listen(net::Context& net, const Options& options);

  Fd lock_;
  std::unique_ptr<Store> store_;
  StoreThread thread_;  // after the store: it is joined before that goes
  Ask ask_;
  Sessions sessions_;
  Api api_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace farmhand::coordinator
