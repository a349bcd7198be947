// SPDX-License-Identifier: Apache-2.0
// A node's session through the proxy: the node's end, the coordinator's end, and what happens to
// messages in between. When one end goes, the other is let go too.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "faults.hh"
#include "net/server.hh"
#include "net/ws_client.hh"
#include "way.hh"
#include "wire/sync.hh"

namespace farmhand::proxy {

// What outlives a session: the newest batches that came through, for being sent again, and the
// record that is refused time and again.
class Memory {
 public:
  void keep(const wire::Segments& batch);
  bool empty() const { return batches_.empty(); }
  const std::string& draw(Faults& faults) const { return batches_[faults.below(batches_.size())]; }

  // The number of a record of this batch that is to be refused.
  std::optional<uint64_t> find_poison(Faults& faults, const wire::Segments& batch);

 private:
  struct Poison {
    uint8_t lane;
    uint64_t seq;
    int times;
  };

  std::deque<std::string> batches_;
  size_t bytes_ = 0;
  std::optional<Poison> poison_;
};

class Session {
 public:
  struct Parts {
    Loop& loop;
    const Clock& clock;
    Faults& faults;
    Memory& memory;
  };
  // `gone` comes once, never within the constructor; the session is to be destroyed soon after.
  Session(Parts parts, net::WsPeer node, std::function<void()> gone);

  void connect(net::Context& net, net::WsClient::Target coordinator);
  void cut();

 private:
  void on_node_message(std::string bytes);
  void on_coordinator_message(std::string bytes);
  bool tamper_with_batch(wire::Segments& batch);  // true: it does not go on
  void tamper_with_answer(std::string& bytes);
  void pass_up(std::string bytes, uint64_t delay_ms = 0);
  void pass_down(std::string bytes);
  void to_node(std::string bytes);
  void to_coordinator(std::string bytes);
  void tell_node(wire::CoordinatorMessage message);
  void end();

  Parts parts_;
  net::WsPeer node_;
  std::function<void()> gone_;
  std::unique_ptr<net::WsClient> coordinator_;
  std::deque<std::string> unsent_;  // until the coordinator's end is open
  std::deque<wire::Watermark> told_;
  Way up_, down_;
  Timer cutter_;
  bool ended_ = false;
};

}  // namespace farmhand::proxy
