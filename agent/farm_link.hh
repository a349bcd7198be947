// SPDX-License-Identifier: Apache-2.0
// The node's link to its farm: whether it is enrolled, the session when it can have one, and the
// commands that come through it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "config/agent_config.hh"
#include "control/view.hh"
#include "net/context.hh"
#include "outbox/outbox.hh"
#include "store/state.hh"
#include "store/thread.hh"
#include "sync/commands.hh"
#include "sync/enroll.hh"
#include "sync/uplink.hh"

namespace farmhand {

class FarmLink {
 public:
  struct Parts {
    Loop& loop;
    const Clock& clock;
    net::Context& net;
    StoreThread& store;
    StateFile& state;
    Outbox& outbox;
  };

  FarmLink(Parts parts, const AgentConfig& config, Uuid node, std::string boot_id,
           std::function<void(Commands::Done)> report_inventory);

  void start();
  void stop();

  // Exchanges a join token; afterwards the session begins by itself.
  void enroll(const EnrollRequest& request, std::function<void(Result<Enrolled>)> done);

  CoordinatorView view() const;

 private:
  void begin_session();
  void take(const Credential& credential);
  std::string credential_path() const { return config_.paths.state_dir + "/credential"; }

  Parts parts_;
  const AgentConfig& config_;
  Uuid node_;
  std::string boot_id_;
  std::optional<Credential> credential_;
  std::string problem_;
  Commands commands_;
  std::unique_ptr<Enrolment> enrolment_;
  std::unique_ptr<Uplink> uplink_;
};

}  // namespace farmhand
