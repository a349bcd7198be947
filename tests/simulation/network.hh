// SPDX-License-Identifier: Apache-2.0
// The network between simulated nodes and their coordinator. network.cc defines the product's
// net::Context, net::WsClient and net::WsPeer anew, so that Uplink and Session run as they are; a
// message takes its time, and whatever Faults say happens to it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "machine.hh"
#include "net/server.hh"
#include "net/ws_client.hh"
#include "virtual_loop.hh"

namespace farmhand::simulation {

// Each a probability per message, beyond TCP: what a broken proxy in between can do.
struct Faults {
  uint64_t latency_ns = 2 * kMillisecond;
  uint64_t jitter_ns = 0;
  uint64_t bytes_per_s = 0;  // each way, per connection; 0: no limit
  double drop = 0, duplicate = 0, reorder = 0, truncate = 0;
  double cut = 0;         // the connection ends
  double silent_cut = 0;  // it ends, and neither side is told
  double wrong_ack = 0, stale_ack = 0, early_ack = 0, false_nack = 0;
};

class Network {
 public:
  Network(Loop& loop, uint64_t seed);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  net::Context& context() { return *context_; }

  Faults faults;
  bool up = true;           // false: nothing gets through, nobody is told
  bool refuses = false;     // connections are refused at once
  bool hears_close = true;  // false: the end of a process is not noticed on the other side
  uint64_t accept_ns = 0;   // what a new connection costs the coordinator, one after the other
  // The coordinator's; empty: nobody listens.
  std::function<void(const net::Request&, net::WsPeer)> server;
  // Sees every message that leaves a node, with its session's bearer.
  std::function<void(const std::string& bearer, const std::string& message)> on_sent;

  void cut_all();  // every connection ends, both sides are told

  struct Counts {
    uint64_t connects = 0, messages = 0, bytes = 0;
    uint64_t dropped = 0, duplicated = 0, reordered = 0, truncated = 0, cut = 0;
    uint64_t wrong_acks = 0, stale_acks = 0, early_acks = 0, false_nacks = 0;
  };
  const Counts& counts() const { return counts_; }

  // For network.cc.
  struct Link;
  uint64_t connect(const net::WsClient::Target& target, net::WsClient::Events events);
  Link* find(uint64_t id);
  void send_to_server(uint64_t id, std::string message);
  void send_to_client(uint64_t id, std::string message);
  void end_client(uint64_t id);  // the client is gone
  void end_server(uint64_t id, bool in_order);

 private:
  void open(uint64_t id);
  enum class Way { kToServer, kToClient };
  void carry(uint64_t id, Way way, std::string message);
  void deliver(uint64_t id, Way way, const std::string& message);
  void tell(uint64_t id, Way way, Error why);
  uint64_t arrival_ns(Link& link, Way way, size_t bytes);
  void forget(uint64_t id);
  void meddle_up(uint64_t id, const std::string& message);
  bool meddle_down(uint64_t id, std::string& message);

  Loop& loop_;
  Random random_;
  std::unique_ptr<net::Context> context_;
  uint64_t last_id_ = 0;
  uint64_t accepting_until_ns_ = 0;
  std::map<uint64_t, std::shared_ptr<Link>> links_;
  Counts counts_;
};

}  // namespace farmhand::simulation
