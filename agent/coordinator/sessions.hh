// SPDX-License-Identifier: Apache-2.0
// All sessions, and which of them speaks for which node. At most one does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/fleet_json.hh"
#include "coordinator/session.hh"

namespace farmhand::coordinator {

class Sessions {
 public:
  Sessions(Loop& loop, const Clock& clock, Ask& ask, SessionLimits limits)
      : loop_(loop), clock_(clock), ask_(ask), limits_(limits), reaper_(loop) {}

  void open(const net::Request& request, net::WsPeer peer);

  Session* find(int64_t node);  // the one that speaks for it
  void claim(int64_t node, Session& session);
  void leave(const Session& session);              // it speaks for nobody any more
  void drop(uint64_t id, const std::string& why);  // ends it, soon: also from its own calls
  void ban(int64_t node, const std::string& boot_id);
  void drop_node(int64_t node, const std::string& why);  // its credential is no longer good

  // Room for a batch on its way into the store; false: too much waits there already.
  bool take_room(size_t bytes);
  void give_room(size_t bytes) { waiting_bytes_ -= bytes; }

  void push(const CommandRow& command);  // to the node if it is there; else it waits in the store
  LiveNodes live_nodes() const;
  size_t size() const { return sessions_.size(); }

 private:
  Loop& loop_;
  const Clock& clock_;
  Ask& ask_;
  SessionLimits limits_;
  uint64_t last_id_ = 0;
  size_t waiting_bytes_ = 0;
  std::map<uint64_t, std::unique_ptr<Session>> sessions_;
  std::map<int64_t, uint64_t> by_node_;
  std::vector<std::unique_ptr<Session>> dropped_;
  Timer reaper_;
};

}  // namespace farmhand::coordinator
