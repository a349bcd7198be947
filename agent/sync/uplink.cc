// SPDX-License-Identifier: Apache-2.0
#include "sync/uplink.hh"

#include "base/log.hh"
#include "loop/resolve.hh"
#include "loop/timer.hh"
#include "net/ws_client.hh"
#include "sync/backoff.hh"
#include "sync/convert.hh"
#include "sync/drain.hh"

namespace farmhand {

std::string_view name_of(UplinkState state) {
  switch (state) {
    case UplinkState::kStopped:
      return "stopped";
    case UplinkState::kResolving:
      return "resolving";
    case UplinkState::kConnecting:
      return "connecting";
    case UplinkState::kGreeting:
      return "greeting";
    case UplinkState::kLive:
      return "live";
    case UplinkState::kWaiting:
      return "waiting";
    case UplinkState::kRefused:
      return "refused";
  }
  return "unknown";
}

// One state machine. A session's parts live in `client_` and `drain_`; they end together, from the
// loop and never from within one of their own calls (`end_soon`).
class Uplink::Impl {
 public:
  Impl(Loop& loop, const Clock& clock, net::Context& net, Outbox& outbox, Options options)
      : loop_(loop),
        clock_(clock),
        net_(net),
        outbox_(outbox),
        options_(std::move(options)),
        backoff_(options_.backoff_ms_min, options_.backoff_ms_max),
        step_timer_(loop),
        ping_timer_(loop),
        end_timer_(loop) {
    outbox_.on_new_data([this](Lane lane) {
      if (drain_) drain_->on_new_data(lane);
    });
  }
  ~Impl() { outbox_.on_new_data(nullptr); }

  void start() {
    if (status_.state == UplinkState::kStopped) try_now();
  }
  void stop() {
    drop_session();
    enter(UplinkState::kStopped);
  }
  void set_credential(std::string credential) {
    options_.credential = std::move(credential);
    if (status_.state == UplinkState::kStopped) return;
    backoff_.reset();
    drop_session();
    try_now();
  }
  UplinkStatus status() const;

  CommandSink on_command;

 private:
  void enter(UplinkState state);
  void try_now();
  void connect(const net::Url& url, Result<std::string> address);
  void on_open();
  void say_hello(std::vector<Position> positions);
  void on_message(const std::string& bytes);
  void on_welcome(const wire::Welcome& welcome);
  void go_live(Result<Standing> standing);
  void on_refused(const wire::Refused& refused);
  void on_pushed(wire::SignedCommand command);
  void on_pong(const wire::Pong& pong);
  void ping();
  void end_soon(Error why);
  void end_now();
  bool was_of_use() const;
  void drop_session();
  void wait(UplinkState state, const Error& why);

  // A callback for this session: it does nothing once another has begun or the Uplink is gone.
  template <typename F>
  auto in_session(F f) {
    return [alive = std::weak_ptr<int>(session_), f](auto&&... args) {
      if (alive.lock()) f(std::forward<decltype(args)>(args)...);
    };
  }

  Loop& loop_;
  const Clock& clock_;
  net::Context& net_;
  Outbox& outbox_;
  Options options_;
  Backoff backoff_;
  UplinkStatus status_;
  DrainCounts counts_;
  uint64_t applied_before_ = 0;  // batches, when this session began
  std::vector<Position> hello_;
  uint64_t heard_ns_ = 0;
  uint64_t ping_number_ = 0;
  uint64_t ping_sent_ns_ = 0;
  std::optional<Error> ending_;
  UplinkState ending_state_ = UplinkState::kWaiting;
  Timer step_timer_;  // the step that must not take longer, or the next try
  Timer ping_timer_;
  Timer end_timer_;
  std::unique_ptr<Resolve> resolve_;
  std::unique_ptr<net::WsClient> client_;
  std::unique_ptr<Drain> drain_;
  std::shared_ptr<int> session_ = std::make_shared<int>(0);
};

void Uplink::Impl::enter(UplinkState state) {
  status_.state = state;
  status_.since_ns = clock_.boottime_ns();
  status_.next_try_ns = 0;
}

void Uplink::Impl::try_now() {
  auto url = net::parse_url(options_.url);
  if (!url) return wait(UplinkState::kRefused, url.error().in("coordinator url"));
  enter(UplinkState::kResolving);
  step_timer_.once(options_.handshake_ms_max, [this, host = url->host] {
    end_soon({Errc::kTimeout, "the name '" + host + "' was not resolved within " +
                                  std::to_string(options_.handshake_ms_max / 1000) + " s"});
  });
  resolve_ = std::make_unique<Resolve>(
      loop_, url->host, [this, url = *url](auto address) { connect(url, std::move(address)); });
}

void Uplink::Impl::connect(const net::Url& url, Result<std::string> address) {
  step_timer_.stop();
  if (!address) return end_soon(address.error());
  enter(UplinkState::kConnecting);
  net::WsClient::Target target;
  target.url = url;
  target.address = *address;
  target.tls = {options_.ca_file, options_.cert_file, options_.key_file};
  target.handshake_ms = options_.handshake_ms_max;
  if (!options_.credential.empty())
    target.headers.emplace_back("authorization", "Bearer " + options_.credential);
  auto client = net::WsClient::connect(
      net_, std::move(target),
      {[this] { on_open(); }, [this](std::string bytes) { on_message(bytes); },
       [this](Error why) {
         if (why.code == Errc::kPermission) ending_state_ = UplinkState::kRefused;
         end_soon(std::move(why));
       }});
  if (!client) {
    ending_state_ = UplinkState::kRefused;
    return end_soon(client.error());
  }
  client_ = std::move(*client);
}

void Uplink::Impl::on_open() {
  enter(UplinkState::kGreeting);
  heard_ns_ = clock_.boottime_ns();
  step_timer_.once(options_.handshake_ms_max, [this] {
    end_soon({Errc::kTimeout, "the coordinator did not answer the hello within " +
                                  std::to_string(options_.handshake_ms_max / 1000) + " s"});
  });
  outbox_.positions(in_session([this](Result<std::vector<Position>> positions) {
    if (!positions) return end_soon(positions.error().in("outbox"));
    say_hello(std::move(*positions));
  }));
}

void Uplink::Impl::say_hello(std::vector<Position> positions) {
  wire::Hello hello;
  hello.node_uuid = options_.node;
  hello.hostname = options_.hostname;
  hello.boot_id = options_.boot_id;
  hello.agent_version = options_.agent_version;
  for (const Position& position : positions) {
    hello.epoch = wire_epoch_from(position.epoch);
    hello.lanes.push_back(wire_position_from(position));
  }
  hello_ = std::move(positions);
  if (auto sent = client_->send(wire::encode_node_message(std::move(hello))); !sent)
    end_soon(sent.error());
}

void Uplink::Impl::on_message(const std::string& bytes) {
  heard_ns_ = clock_.boottime_ns();
  auto message = wire::decode_coordinator_message(bytes);
  if (!message) return end_soon(message.error().in("message from the coordinator"));
  struct Visitor {
    Impl& to;
    void operator()(wire::Welcome& m) { to.on_welcome(m); }
    void operator()(wire::Applied& m) {
      if (to.drain_) to.drain_->on_applied(m.watermark);
    }
    void operator()(wire::Nack& m) {
      log::warn("the coordinator refused a record",
                {{"lane", m.lane}, {"seq", m.seq}, {"reason", m.reason}});
      if (to.drain_) to.drain_->on_nack(m);
    }
    void operator()(wire::SignedCommand& m) { to.on_pushed(std::move(m)); }
    void operator()(wire::Refused& m) { to.on_refused(m); }
    void operator()(wire::Pong& m) { to.on_pong(m); }
  };
  if (!ending_) std::visit(Visitor{*this}, *message);
}

void Uplink::Impl::on_welcome(const wire::Welcome& welcome) {
  if (status_.state != UplinkState::kGreeting || drain_) return;
  std::array<std::optional<Watermark>, kLaneCount> theirs;
  for (const wire::Watermark& one : welcome.applied) {
    auto watermark = watermark_from(one);
    if (!watermark) return end_soon(watermark.error());
    theirs[index_of(watermark->lane)] = *watermark;
  }
  outbox_.rewind(theirs,
                 in_session([this](Result<Standing> standing) { go_live(std::move(standing)); }));
}

void Uplink::Impl::go_live(Result<Standing> standing) {
  if (ending_) return;
  if (!standing) return end_soon(standing.error().in("outbox"));
  if (*standing == Standing::kNewEpoch) {
    log::warn("the coordinator knows another history of this node: a new epoch begins");
    return end_soon({Errc::kCancelled, "a new epoch began; greeting again"});
  }
  step_timer_.stop();
  enter(UplinkState::kLive);
  status_.last_error.clear();
  ++status_.sessions;
  applied_before_ = counts_.batches_applied;
  log::info("session with the coordinator", {{"url", options_.url}});
  ping_timer_.every(options_.ping_ms, [this] { ping(); });
  Drain::Options drain_options;
  drain_options.batch_bytes_max = options_.batch_bytes_max;
  drain_ = std::make_unique<Drain>(
      loop_, clock_, outbox_, hello_, counts_, drain_options,
      [this](wire::NodeMessage message) {
        return client_->send(wire::encode_node_message(std::move(message)));
      },
      [this](Error why) { end_soon(std::move(why)); });
  drain_->begin();
}

void Uplink::Impl::on_refused(const wire::Refused& refused) {
  // These pass by themselves; everything else a person has to look at.
  const bool passing = refused.code == "out_of_place" || refused.code == "overloaded";
  if (!passing) ending_state_ = UplinkState::kRefused;
  if (refused.code == "duplicate_node") backoff_.at_most();
  end_soon({Errc::kRefused, refused.code + ": " + refused.sentence});
}

void Uplink::Impl::on_pushed(wire::SignedCommand command) {
  if (!on_command) return;
  on_command(std::move(command), in_session([this](wire::CommandAck ack) {
               if (client_ && !ending_)
                 (void)client_->send(wire::encode_node_message(std::move(ack)));
             }));
}

void Uplink::Impl::on_pong(const wire::Pong& pong) {
  if (pong.number == ping_number_) status_.round_trip_ns = clock_.boottime_ns() - ping_sent_ns_;
}

void Uplink::Impl::ping() {
  if (clock_.boottime_ns() - heard_ns_ > options_.silence_ms_max * 1'000'000)
    return end_soon({Errc::kTimeout, "the coordinator has been silent for " +
                                         std::to_string(options_.silence_ms_max / 1000) + " s"});
  ping_sent_ns_ = clock_.boottime_ns();
  if (auto sent = client_->send(wire::encode_node_message(wire::Ping{++ping_number_}));
      !sent && sent.error().code != Errc::kBackpressure)
    end_soon(sent.error());
}

void Uplink::Impl::end_soon(Error why) {
  if (ending_) return;
  ending_ = std::move(why);
  end_timer_.once(0, [this] { end_now(); });
}

void Uplink::Impl::end_now() {
  const Error why = *ending_;
  const UplinkState state = ending_state_;
  if (was_of_use()) backoff_.reset();
  drop_session();
  wait(state, why);
}

// A coordinator that welcomes us and then fails each time must not be asked once a second by every
// node: only a session that got something applied, or that lasted, begins the waiting anew.
bool Uplink::Impl::was_of_use() const {
  if (!drain_) return false;
  const uint64_t lasted_ms = (clock_.boottime_ns() - status_.since_ns) / 1'000'000;
  return counts_.batches_applied > applied_before_ || lasted_ms >= options_.backoff_ms_max;
}

void Uplink::Impl::drop_session() {
  session_ = std::make_shared<int>(0);
  for (Timer* timer : {&step_timer_, &ping_timer_, &end_timer_}) timer->stop();
  resolve_.reset();
  drain_.reset();
  client_.reset();
  hello_.clear();
  ending_.reset();
  ending_state_ = UplinkState::kWaiting;
}

void Uplink::Impl::wait(UplinkState state, const Error& why) {
  if (status_.last_error != why.message)
    log::warn("no session with the coordinator, trying again", {{"error", why.message}});
  status_.last_error = why.message;
  enter(state);
  const uint64_t delay_ms = backoff_.next_ms();
  status_.next_try_ns = clock_.boottime_ns() + delay_ms * 1'000'000;
  step_timer_.once(delay_ms, [this] { try_now(); });
}

UplinkStatus Uplink::Impl::status() const {
  UplinkStatus status = status_;
  status.bytes_sent = counts_.bytes_sent;
  status.segments_sent = counts_.segments_sent;
  status.nacks = counts_.nacks;
  for (const Lane lane : kLanes)
    status.in_flight[index_of(lane)] = drain_ && drain_->in_flight(lane);
  return status;
}

Uplink::Uplink(Loop& loop, const Clock& clock, net::Context& net, Outbox& outbox, Options options)
    : impl_(std::make_unique<Impl>(loop, clock, net, outbox, std::move(options))) {}
Uplink::~Uplink() = default;

void Uplink::on_command(CommandSink sink) {
  impl_->on_command = std::move(sink);
}
void Uplink::start() {
  impl_->start();
}
void Uplink::stop() {
  impl_->stop();
}
void Uplink::set_credential(std::string credential) {
  impl_->set_credential(std::move(credential));
}
UplinkStatus Uplink::status() const {
  return impl_->status();
}

}  // namespace farmhand
