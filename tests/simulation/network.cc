// SPDX-License-Identifier: Apache-2.0
#include "network.hh"

#include <algorithm>

#include "wire/sync.hh"

namespace farmhand::simulation {
namespace {

Network* the_network = nullptr;  // one at a time: the product's classes know their Context only

}  // namespace

struct Network::Link {
  std::string bearer;
  net::WsClient::Events client;
  std::function<void(std::string)> server_message;
  std::function<void(Error)> server_close;
  bool client_here = true, server_here = false, opened = false;
  std::array<uint64_t, 2> free_ns{};     // when each way can take the next byte
  std::array<uint64_t, 2> arrived_ns{};  // of the last message: they keep their order
  std::vector<std::string> acks;         // seen so far, for stale ones
  std::map<std::pair<uint8_t, uint64_t>, int> nacked;
};

Network::Network(Loop& loop, uint64_t seed) : loop_(loop), random_(seed) {
  the_network = this;
  context_ = std::move(*net::Context::create(loop));
}

Network::~Network() {
  links_.clear();
  the_network = nullptr;
}

Network::Link* Network::find(uint64_t id) {
  const auto at = links_.find(id);
  return at == links_.end() ? nullptr : at->second.get();
}

uint64_t Network::connect(const net::WsClient::Target& target, net::WsClient::Events events) {
  ++counts_.connects;
  const uint64_t id = ++last_id_;
  auto link = std::make_shared<Link>();
  link->client = std::move(events);
  for (const auto& [name, value] : target.headers)
    if (name == "authorization") link->bearer = value.substr(value.find(' ') + 1);
  links_[id] = link;
  const uint64_t now = now_ns(loop_);
  const uint64_t late = now + target.handshake_ms * kMillisecond;
  uint64_t at = now + 3 * faults.latency_ns;  // TCP, TLS, the upgrade
  if (up && server && !refuses)
    at = (accepting_until_ns_ = std::max(accepting_until_ns_, now) + accept_ns) +
         3 * faults.latency_ns;
  if (up && at < late) {
    at_ns(loop_, at, [this, id] { open(id); });
  } else {
    at_ns(loop_, late, [this, id] {
      tell(id, Way::kToClient, {Errc::kTimeout, "the connection was not there in time"});
    });
  }
  return id;
}

void Network::open(uint64_t id) {
  Link* link = find(id);
  if (link == nullptr || !link->client_here) return;
  if (refuses || !server || !up)
    return tell(id, Way::kToClient, {Errc::kUnavailable, "connection refused"});
  link->server_here = link->opened = true;
  net::Request request;
  request.bearer = link->bearer;
  server(request, net::WsPeer(*context_, id));
  link = find(id);
  if (link != nullptr && link->client_here) link->client.on_open();
}

uint64_t Network::arrival_ns(Link& link, Way way, size_t bytes) {
  const auto w = static_cast<size_t>(way);
  uint64_t sent_ns = now_ns(loop_);
  if (faults.bytes_per_s != 0) {
    sent_ns = std::max(sent_ns, link.free_ns[w]) + bytes * kSecond / faults.bytes_per_s;
    link.free_ns[w] = sent_ns;
  }
  uint64_t at = sent_ns + faults.latency_ns + random_.below(faults.jitter_ns + 1);
  if (random_.chance(faults.reorder)) {
    ++counts_.reordered;
    return at + random_.below(kSecond);
  }
  return link.arrived_ns[w] = std::max(at, link.arrived_ns[w]);
}

void Network::carry(uint64_t id, Way way, std::string message) {
  Link* link = find(id);
  if (link == nullptr) return;
  ++counts_.messages;
  counts_.bytes += message.size();
  if (random_.chance(faults.cut)) {
    ++counts_.cut;
    tell(id, Way::kToServer, {Errc::kUnavailable, "the connection broke"});
    return tell(id, Way::kToClient, {Errc::kUnavailable, "the connection broke"});
  }
  if (random_.chance(faults.silent_cut)) {
    ++counts_.cut;
    link->opened = false;
  }
  if (!up || !link->opened) return;
  if (random_.chance(faults.drop)) {
    ++counts_.dropped;
    return;
  }
  if (random_.chance(faults.truncate)) {
    ++counts_.truncated;
    message.resize(random_.below(message.size() + 1));
  }
  const int copies = random_.chance(faults.duplicate) ? 2 : 1;
  counts_.duplicated += static_cast<uint64_t>(copies - 1);
  for (int i = 0; i < copies; ++i)
    at_ns(loop_, arrival_ns(*link, way, message.size()),
          [this, id, way, message] { deliver(id, way, message); });
}

void Network::deliver(uint64_t id, Way way, const std::string& message) {
  const std::shared_ptr<Link> link = links_.contains(id) ? links_[id] : nullptr;
  if (!link || !up || !link->opened) return;
  if (way == Way::kToServer && link->server_here && link->server_message) {
    const auto handler = link->server_message;  // it may end the peer
    handler(message);
  } else if (way == Way::kToClient && link->client_here) {
    const auto handler = link->client.on_message;
    handler(message);
  }
}

// The connection is over for this side, soon.
void Network::tell(uint64_t id, Way way, Error why) {
  after_ns(loop_, 0, [this, id, way, why = std::move(why)] {
    const std::shared_ptr<Link> link = links_.contains(id) ? links_[id] : nullptr;
    if (!link) return;
    link->opened = false;
    bool& here = way == Way::kToServer ? link->server_here : link->client_here;
    if (!std::exchange(here, false)) return;
    if (way == Way::kToServer && link->server_close) {
      const auto handler = link->server_close;
      handler(why);
    } else if (way == Way::kToClient) {
      const auto handler = link->client.on_close;
      handler(why);
    }
    forget(id);
  });
}

void Network::forget(uint64_t id) {
  const Link* link = find(id);
  if (link != nullptr && !link->client_here && !link->server_here) links_.erase(id);
}

void Network::send_to_server(uint64_t id, std::string message) {
  const Link* link = find(id);
  if (link == nullptr) return;
  if (on_sent) on_sent(link->bearer, message);
  meddle_up(id, message);
  carry(id, Way::kToServer, std::move(message));
}

void Network::send_to_client(uint64_t id, std::string message) {
  if (find(id) != nullptr && meddle_down(id, message))
    carry(id, Way::kToClient, std::move(message));
}

// Answers that the coordinator never gave: an acknowledgement before anything was applied, and a
// refusal of a good record, though never so often that it would be taken for poison.
void Network::meddle_up(uint64_t id, const std::string& message) {
  const bool early = random_.chance(faults.early_ack);
  const bool refused = random_.chance(faults.false_nack);
  if (!early && !refused) return;
  auto decoded = wire::decode_node_message(message);
  auto* batch = decoded ? std::get_if<wire::Segments>(&*decoded) : nullptr;
  if (batch == nullptr || batch->segments.empty()) return;
  const wire::Segment& last = batch->segments.back();
  if (early) {
    ++counts_.early_acks;
    carry(id, Way::kToClient,
          wire::encode_coordinator_message(
              wire::Applied{{last.epoch, last.lane, last.to, last.chain}}));
  } else if (++find(id)->nacked[{batch->lane, last.to}] == 1) {
    ++counts_.false_nacks;
    carry(id, Way::kToClient,
          wire::encode_coordinator_message(wire::Nack{batch->lane, last.to, "no reason at all"}));
  }
}

// False: the message is not to go on.
bool Network::meddle_down(uint64_t id, std::string& message) {
  Link& link = *find(id);
  const bool wrong = random_.chance(faults.wrong_ack);
  const bool stale = random_.chance(faults.stale_ack);
  auto decoded = wire::decode_coordinator_message(message);
  auto* applied = decoded ? std::get_if<wire::Applied>(&*decoded) : nullptr;
  if (applied == nullptr) return true;
  if (wrong) {
    ++counts_.wrong_acks;
    if (random_.chance(0.5))
      applied->watermark.seq += random_.between(1, 5);
    else
      applied->watermark.chain[3] ^= 1;
    message = wire::encode_coordinator_message(*applied);
  } else if (stale && !link.acks.empty()) {
    ++counts_.stale_acks;
    message = link.acks[random_.below(link.acks.size())];
  } else if (faults.stale_ack > 0) {
    link.acks.push_back(message);
  }
  return true;
}

void Network::end_client(uint64_t id) {
  Link* link = find(id);
  if (link == nullptr || !std::exchange(link->client_here, false)) return;
  if (link->server_here && up && link->opened && hears_close)
    after_ns(loop_, faults.latency_ns, [this, id] {
      tell(id, Way::kToServer, {Errc::kUnavailable, "the node is gone"});
    });
  forget(id);
}

void Network::end_server(uint64_t id, bool in_order) {
  Link* link = find(id);
  if (link == nullptr) return;
  if (!in_order) {
    link->server_message = nullptr;
    link->server_close = nullptr;
    if (!std::exchange(link->server_here, false)) return forget(id);
  }
  if (link->client_here && up && link->opened && hears_close) {
    // What was sent before arrives before.
    const uint64_t at = arrival_ns(*link, Way::kToClient, 0);
    at_ns(loop_, at, [this, id, in_order] {
      tell(id, Way::kToClient, {in_order ? Errc::kCancelled : Errc::kUnavailable, "closed"});
      if (in_order) tell(id, Way::kToServer, {Errc::kCancelled, "closed"});
    });
  }
  forget(id);
}

void Network::cut_all() {
  std::vector<uint64_t> all;
  for (const auto& [id, link] : links_) all.push_back(id);
  for (const uint64_t id : all) {
    tell(id, Way::kToServer, {Errc::kUnavailable, "the connection broke"});
    tell(id, Way::kToClient, {Errc::kUnavailable, "the connection broke"});
  }
}

}  // namespace farmhand::simulation

// The product's classes, on this network.
namespace farmhand::net {

using simulation::the_network;

Result<std::unique_ptr<Context>> Context::create(Loop& loop, Options options) {
  return std::unique_ptr<Context>(new Context(loop, options));
}

Context::~Context() = default;

class WsClient::Connection {
 public:
  explicit Connection(uint64_t number) : id(number) {}
  const uint64_t id;
};

WsClient::WsClient(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

WsClient::~WsClient() {
  the_network->end_client(connection_->id);
}

Result<std::unique_ptr<WsClient>> WsClient::connect(Context&, Target target, Events events) {
  const uint64_t id = the_network->connect(target, std::move(events));
  return std::unique_ptr<WsClient>(new WsClient(std::make_shared<Connection>(id)));
}

Result<void> WsClient::send(std::string message) {
  the_network->send_to_server(connection_->id, std::move(message));
  return {};
}

WsPeer& WsPeer::operator=(WsPeer&& other) noexcept {
  std::swap(id_, other.id_);
  return *this;
}

WsPeer::~WsPeer() {
  if (id_ != 0 && the_network != nullptr) the_network->end_server(id_, false);
}

void WsPeer::on_message(std::function<void(std::string)> handler) {
  if (auto* link = the_network->find(id_)) link->server_message = std::move(handler);
}

void WsPeer::on_close(std::function<void(Error)> handler) {
  if (auto* link = the_network->find(id_)) link->server_close = std::move(handler);
}

Result<void> WsPeer::send(std::string message) {
  the_network->send_to_client(id_, std::move(message));
  return {};
}

void WsPeer::close() {
  the_network->end_server(id_, true);
}

}  // namespace farmhand::net
