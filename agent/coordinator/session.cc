// SPDX-License-Identifier: Apache-2.0
#include "coordinator/session.hh"

#include "base/log.hh"
#include "coordinator/sessions.hh"

namespace farmhand::coordinator {
namespace {

constexpr std::string_view kNodeUri = "farmhand:node:";
constexpr uint64_t kRivalLookMs = 250;

std::string certified_node(const std::string& peer_uri) {
  return peer_uri.starts_with(kNodeUri) ? peer_uri.substr(kNodeUri.size()) : "";
}

}  // namespace

Session::Session(Loop& loop, const Clock& clock, Ask& ask, Sessions& sessions, uint64_t id,
                 const SessionLimits& limits, const net::Request& request, net::WsPeer peer)
    : clock_(clock),
      ask_(ask),
      sessions_(sessions),
      id_(id),
      limits_(limits),
      peer_(std::move(peer)),
      heard_ns_(clock.boottime_ns()),
      step_timer_(loop),
      silence_timer_(loop) {
  peer_.on_message([this](std::string bytes) { on_message(bytes); });
  peer_.on_close([this](Error why) { end(why.message); });
  step_timer_.once(limits_.hello_ms_max, [this] { refuse("malformed", "no hello came in time"); });
  silence_timer_.every(1'000, [this] { look_for_silence(); });
  identify(request);
}

void Session::identify(const net::Request& request) {
  certified_ = certified_node(request.peer_uri);
  ask_(
      [bearer = request.bearer,
       certified = certified_](Store& store) -> Result<std::optional<NodeRow>> {
        if (!bearer.empty()) return store.nodes.find_by_credential(hash_of(bearer));
        auto uuid = Uuid::parse(certified);
        if (!uuid) return std::optional<NodeRow>{};
        return store.nodes.find(*uuid);
      },
      guarded([this](const Result<std::optional<NodeRow>>& row) { on_identified(row); }));
}

void Session::on_identified(const Result<std::optional<NodeRow>>& row) {
  if (!row) return refuse("overloaded", "the coordinator's store does not answer");
  if (!*row)
    return refuse("not_enrolled",
                  "the coordinator does not know this node's credential: enroll the node (farmhand "
                  "enroll)");
  node_ = **row;
  identified_ = true;
  if (!certified_.empty() && certified_ != node_->uuid.text())
    return refuse("wrong_node", "the certificate is of node " + certified_ +
                                    ", the credential of node " + node_->uuid.text());
  if (hello_) greet();
}

void Session::on_message(const std::string& bytes) {
  if (state_ == State::kEnding) return;
  heard_ns_ = clock_.boottime_ns();
  auto message = wire::decode_node_message(bytes);
  if (!message) return refuse("malformed", message.error().message);
  struct Visitor {
    Session& to;
    void operator()(wire::Hello& m) { to.on_hello(std::move(m)); }
    void operator()(wire::Segments& m) { to.on_segments(std::move(m)); }
    void operator()(wire::CommandAck& m) { to.on_command_ack(m); }
    void operator()(wire::Ping& m) { to.send(wire::Pong{m.number}); }
  };
  std::visit(Visitor{*this}, *message);
}

void Session::on_hello(wire::Hello hello) {
  if (hello_) return refuse("malformed", "a second hello in one session");
  hello_ = std::move(hello);
  if (identified_) greet();
}

void Session::greet() {
  if (hello_->node_uuid != node_->uuid)
    return refuse("wrong_node", "the hello is of node " + hello_->node_uuid.text() +
                                    ", the credential of node " + node_->uuid.text());
  if (hello_->protocol_version != wire::kProtocolVersion)
    return refuse("unsupported_protocol", "this coordinator speaks protocol version " +
                                              std::to_string(wire::kProtocolVersion));
  if (!node_->banned_boot_id.empty() && node_->banned_boot_id == hello_->boot_id)
    return refuse("duplicate_node",
                  "this machine was seen to be a second one with the identity of "
                  "another: give it a state directory of its own and enroll it");
  state_ = State::kGreeted;
  if (sessions_.find(node_->id) != nullptr) return contest();
  welcome();
}

// Another session of this node is there. It may be the dead end of a connection that broke, so it
// gets time to prove itself: a node pings every few seconds.
void Session::contest() {
  state_ = State::kContested;
  look_at_rival(clock_.boottime_ns());
}

void Session::look_at_rival(uint64_t since_ns) {
  Session* rival = sessions_.find(node_->id);
  if (rival == nullptr) return welcome();
  if (rival->heard_ns() > since_ns) {
    if (rival->boot_id() != hello_->boot_id) sessions_.ban(node_->id, hello_->boot_id);
    return refuse("duplicate_node",
                  "another session of this node is live: two machines use one identity. On the "
                  "copy stop farmhandd, empty its state directory, start it again and enroll it");
  }
  if (clock_.boottime_ns() - rival->heard_ns() > limits_.duplicate_ms * 1'000'000) {
    sessions_.drop(rival->id(), "the node is silent here and has come back on another connection");
    return welcome();
  }
  step_timer_.once(kRivalLookMs, [this, since_ns] { look_at_rival(since_ns); });
}

void Session::welcome() {
  state_ = State::kWelcoming;
  step_timer_.stop();
  sessions_.claim(node_->id, *this);
  struct Start {
    std::vector<wire::Watermark> watermarks;
    std::vector<CommandRow> commands;
  };
  ask_(
      [id = node_->id, boot = hello_->boot_id, version = hello_->agent_version,
       now = clock_.realtime_ns()](Store& store) -> Result<Start> {
        if (auto done = store.nodes.set_seen(id, boot, version, now); !done) return done.error();
        auto watermarks = store.lanes.watermarks(id);
        if (!watermarks) return watermarks.error();
        auto commands = store.commands.pending(id);
        if (!commands) return commands.error();
        return Start{std::move(*watermarks), std::move(*commands)};
      },
      guarded([this](const Result<Start>& start) {
        if (!start) return refuse("overloaded", "the coordinator's store does not answer");
        go_live(start->watermarks, start->commands);
      }));
}

void Session::go_live(std::vector<wire::Watermark> watermarks,
                      const std::vector<CommandRow>& commands) {
  state_ = State::kLive;
  log::info("node in session", {{"node", node_->uuid.text()}, {"host", hello_->hostname}});
  send(wire::Welcome{std::move(watermarks), wire::kProtocolVersion});
  for (const CommandRow& command : commands) push(command);
}

void Session::on_segments(wire::Segments segments) {
  if (!live()) return refuse("malformed", "segments before the welcome");
  if (++applying_ > wire::kLaneCount)
    return refuse("malformed", "more than one batch of a lane at once");
  size_t bytes = 0;
  for (const wire::Segment& segment : segments.segments) bytes += segment.bytes.size();
  if (!sessions_.take_room(bytes))
    return refuse("overloaded", "the coordinator has enough to apply; come back in a while");
  auto batch = std::make_shared<wire::Segments>(std::move(segments));
  auto answer = guarded([this](const Result<Applied>& applied) { on_applied(applied); });
  ask_([node = node_->id, batch,
        now = clock_.realtime_ns()](Store& store) { return apply(store, node, *batch, now); },
       [answer, bytes, &sessions = sessions_](const Result<Applied>& applied) {
         sessions.give_room(bytes);
         answer(applied);
       });
}

void Session::on_applied(const Result<Applied>& applied) {
  --applying_;
  if (!applied) {
    log::error("a batch was not applied; the node sends it again",
               {{"node", node_->uuid.text()}, {"error", applied.error().message}});
    return refuse("overloaded", "the coordinator's store failed: " + applied.error().message);
  }
  if (applied->nack) return send(*applied->nack);
  if (!applied->refusal.empty()) {
    log::warn("a batch was refused", {{"node", node_->uuid.text()}, {"reason", applied->refusal}});
    return refuse("out_of_place", applied->refusal);
  }
  send(wire::Applied{applied->watermark});
}

void Session::push(const CommandRow& command) {
  if (live()) send(wire::SignedCommand{command.payload, command.signature, command.key_id});
}

void Session::on_command_ack(const wire::CommandAck& ack) {
  if (!live()) return;
  ask_([node = node_->id,
        uuid = ack.command_uuid](Store& store) { return store.commands.set_acked(node, uuid); },
       [](Result<void>) {});
}

void Session::send(wire::CoordinatorMessage message) {
  if (state_ == State::kEnding) return;
  if (auto sent = peer_.send(wire::encode_coordinator_message(std::move(message))); !sent)
    end(sent.error().message);
}

void Session::refuse(const std::string& code, const std::string& sentence) {
  if (state_ == State::kEnding) return;
  log::info("session refused",
            {{"code", code}, {"node", node_ ? node_->uuid.text() : ""}, {"reason", sentence}});
  send(wire::Refused{code, sentence});
  if (state_ == State::kEnding) return;
  state_ = State::kEnding;
  peer_.close();
  sessions_.leave(*this);
  // The close handshake may never be answered.
  step_timer_.once(limits_.hello_ms_max, [this] { sessions_.drop(id_, "refused"); });
}

void Session::look_for_silence() {
  if (clock_.boottime_ns() - heard_ns_ > limits_.silence_ms_max * 1'000'000)
    end("nothing was heard from the node");
}

void Session::end(const std::string& why) {
  state_ = State::kEnding;
  sessions_.drop(id_, why);
}

}  // namespace farmhand::coordinator
