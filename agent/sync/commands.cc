// SPDX-License-Identifier: Apache-2.0
#include "sync/commands.hh"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include "base/log.hh"
#include "base/signature.hh"
#include "loop/timer.hh"
#include "outbox/outbox.hh"
#include "store/thread.hh"
#include "sync/command_store.hh"
#include "wire/record.hh"

namespace farmhand {
namespace {

constexpr uint64_t kAgainMs = 1'000;  // after the disk, or the outbox, would not take something

std::vector<PublicKey> keys_from(const std::vector<std::string>& pems) {
  std::vector<PublicKey> keys;
  for (const std::string& pem : pems) {
    auto key = PublicKey::parse(pem, "trusted key " + std::to_string(keys.size() + 1));
    if (key)
      keys.push_back(std::move(*key));
    else
      log::error("a trusted key is left out", {{"why", key.error().message}});
  }
  return keys;
}

wire::CommandResult result_of(const Uuid& uuid, wire::CommandStatus status, std::string sentence) {
  wire::CommandResult result;
  result.command_uuid = uuid;
  result.status = status;
  result.sentence = std::move(sentence);
  return result;
}

}  // namespace

// The life of a command: received, verified, persisted, acknowledged, begun, done, its result
// persisted, enqueued, marked reported. A stop anywhere in between goes on from the last step that
// was persisted (`resume`), and a result enqueued twice is one result, keyed by the uuid.
class Commands::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Loop& loop, const Clock& clock, StoreThread& store, StateFile& state, Outbox& outbox,
       Options options)
      : clock_(clock),
        store_(store),
        outbox_(outbox),
        keys_(keys_from(options.trusted_keys)),
        table_(std::make_shared<CommandStore>(state)),
        again_timer_(loop) {
    partitions = std::move(options.partitions);
    again_timer_->unref();
  }

  void receive(const wire::SignedCommand& command, std::function<void(wire::CommandAck)> ack);
  void resume();
  void close() {
    closed_ = true;
    again_timer_.reset();
    store_.submit([table = table_] { table->close(); });
  }

  std::map<std::string, Handler> handlers;
  Status status;
  std::vector<std::string> partitions;

 private:
  struct Refusal {
    wire::CommandStatus status;
    std::string sentence;
  };
  bool is_signed(const wire::SignedCommand& command) const;
  std::optional<Refusal> refusal_of(const wire::Command& command) const;
  void refuse(const wire::Command& command, const Refusal& refusal);
  void accept(wire::Command command, const std::string& payload,
              std::function<void(wire::CommandAck)> ack);
  void accept_later(const wire::Command& command, const std::string& payload,
                    std::function<void(wire::CommandAck)> ack, const Error& why);
  void report_again(const Uuid& uuid);
  void begin(wire::Command command);
  void execute(const wire::Command& command);
  void finish(wire::CommandResult result);
  void report(const Uuid& uuid, const std::string& record);
  void report_later(const Uuid& uuid, const std::string& record);
  void later(std::function<void(Impl&)> then);

  // Runs `work` on the store thread and hands its result to `then`, unless we are closed by then.
  template <typename Work, typename Then>
  void on_store(Work work, Then then) {
    using Out = decltype(work(std::declval<CommandStore&>()));
    auto out = std::make_shared<std::optional<Out>>();
    store_.submit([out, table = table_, work = std::move(work)] { *out = work(*table); },
                  [self = shared_from_this(), out, then = std::move(then)] {
                    if (!self->closed_) then(std::move(**out));
                  });
  }

  const Clock& clock_;
  StoreThread& store_;
  Outbox& outbox_;
  std::vector<PublicKey> keys_;
  std::shared_ptr<CommandStore> table_;  // used on the store thread
  std::deque<Uuid> lately_refused_;      // each is reported once, so that a flood costs nothing
  std::optional<Timer> again_timer_;  // ends with `close`; what is under way may keep us for longer
  std::vector<std::function<void(Impl&)>> again_;
  std::set<Uuid> waiting_;  // for the disk: not persisted, not acknowledged
  bool resume_waits_ = false;
  bool closed_ = false;
};

bool Commands::Impl::is_signed(const wire::SignedCommand& command) const {
  const std::string message = wire::bytes_to_sign(command.payload);
  return std::any_of(keys_.begin(), keys_.end(), [&](const PublicKey& key) {
    return key.verifies(message, command.signature);
  });
}

std::optional<Commands::Impl::Refusal> Commands::Impl::refusal_of(const wire::Command& c) const {
  if (std::find(partitions.begin(), partitions.end(), c.partition) == partitions.end())
    return Refusal{wire::CommandStatus::kRefused,
                   "the command is for partition '" + c.partition + "', this node is not in it"};
  if (c.not_after_realtime_ns < clock_.realtime_ns())
    return Refusal{
        wire::CommandStatus::kExpired,
        "the command was to be started before " + rfc3339_from_realtime(c.not_after_realtime_ns)};
  if (!handlers.contains(c.kind))
    return Refusal{wire::CommandStatus::kUnsupported,
                   "this agent does not know commands of kind '" + c.kind + "'"};
  return std::nullopt;
}

void Commands::Impl::receive(const wire::SignedCommand& command,
                             std::function<void(wire::CommandAck)> ack) {
  ++status.received;
  auto decoded = wire::decode_command(command.payload);
  if (!decoded) {
    ++status.refused;
    status.last_refusal = decoded.error().message;
    return log::warn("a command that cannot be read was dropped",
                     {{"error", decoded.error().message}});
  }
  // Nothing unsigned reaches the table: it would let anybody use up the uuid of a real command.
  if (!is_signed(command)) {
    refuse(*decoded, {wire::CommandStatus::kRefused,
                      "no trusted key signed the command (key " + command.key_id + ")"});
    return ack({decoded->uuid});
  }
  if (waiting_.contains(decoded->uuid)) return;
  accept(std::move(*decoded), command.payload, std::move(ack));
}

void Commands::Impl::refuse(const wire::Command& command, const Refusal& refusal) {
  ++status.refused;
  status.last_refusal = refusal.sentence;
  log::warn("command refused", {{"uuid", command.uuid.text()}, {"reason", refusal.sentence}});
  if (std::find(lately_refused_.begin(), lately_refused_.end(), command.uuid) !=
      lately_refused_.end())
    return;
  lately_refused_.push_back(command.uuid);
  if (lately_refused_.size() > 256) lately_refused_.pop_front();
  auto result = result_of(command.uuid, refusal.status, refusal.sentence);
  result.boottime_ns = clock_.boottime_ns();
  if (auto queued = outbox_.enqueue_durable(Lane::kResults, wire::encode_record(result)); !queued)
    log::warn("the refusal of a command was not reported", {{"error", queued.error().message}});
}

void Commands::Impl::accept(wire::Command command, const std::string& payload,
                            std::function<void(wire::CommandAck)> ack) {
  on_store([uuid = command.uuid, payload](CommandStore& table) { return table.add(uuid, payload); },
           [this, command = std::move(command), payload, ack = std::move(ack)](Result<bool> fresh) {
             if (!fresh) return accept_later(command, payload, ack, fresh.error());
             waiting_.erase(command.uuid);
             ack({command.uuid});
             if (*fresh) return begin(command);
             ++status.repeated;
             report_again(command.uuid);
           });
}

// Not persisted, so not acknowledged.
void Commands::Impl::accept_later(const wire::Command& command, const std::string& payload,
                                  std::function<void(wire::CommandAck)> ack, const Error& why) {
  if (waiting_.insert(command.uuid).second)
    log::warn("a command is not persisted yet, and waits", {{"error", why.message}});
  later(
      [command, payload, ack = std::move(ack)](Impl& self) { self.accept(command, payload, ack); });
}

// Somebody who sends a command that has a result has lost the result.
void Commands::Impl::report_again(const Uuid& uuid) {
  on_store([uuid](CommandStore& table) { return table.find_result(uuid); },
           [this, uuid](Result<std::string> record) {
             if (record && !record->empty()) report(uuid, *record);
           });
}

void Commands::Impl::begin(wire::Command command) {
  if (auto refusal = refusal_of(command)) {
    ++status.refused;
    status.last_refusal = refusal->sentence;
    return finish(result_of(command.uuid, refusal->status, refusal->sentence));
  }
  // The attempt is counted on disk before it starts: one too few runs is safe, one too many is not.
  const uint32_t max_attempts = std::max(command.max_attempts, 1u);
  on_store([uuid = command.uuid,
            max_attempts](CommandStore& table) { return table.take_attempt(uuid, max_attempts); },
           [this, command = std::move(command)](Result<bool> granted) {
             if (!granted) {
               log::warn("a command was not begun yet", {{"error", granted.error().message}});
               return later([command](Impl& self) { self.begin(command); });
             }
             if (*granted) return execute(command);
             finish(result_of(command.uuid, wire::CommandStatus::kFailed,
                              "the agent stopped during the last attempt that was allowed"));
           });
}

void Commands::Impl::execute(const wire::Command& command) {
  const auto handler = handlers.find(command.kind);
  if (handler == handlers.end())
    return finish(result_of(command.uuid, wire::CommandStatus::kUnsupported,
                            "this agent does not know commands of kind '" + command.kind + "'"));
  handler->second(command, [self = shared_from_this(), uuid = command.uuid](Result<std::string> r) {
    if (self->closed_) return;
    ++(r ? self->status.succeeded : self->status.failed);
    self->finish(r ? result_of(uuid, wire::CommandStatus::kOk, *r)
                   : result_of(uuid, wire::CommandStatus::kFailed, r.error().message));
  });
}

void Commands::Impl::finish(wire::CommandResult result) {
  result.boottime_ns = clock_.boottime_ns();
  const Uuid uuid = result.command_uuid;
  std::string record = wire::encode_record(std::move(result));
  on_store([uuid, record](CommandStore& table) { return table.set_result(uuid, record); },
           [this, uuid, record](Result<void> kept) {
             if (!kept)
               log::warn("the result of a command was not persisted; it is reported all the same",
                         {{"error", kept.error().message}});
             report(uuid, record);
           });
}

// Enqueued first, marked reported second: a stop in between reports it again, which is harmless.
void Commands::Impl::report(const Uuid& uuid, const std::string& record) {
  auto queued = outbox_.enqueue_durable(
      Lane::kResults, record, [self = shared_from_this(), uuid, record](Result<uint64_t> seq) {
        if (self->closed_) return;
        if (!seq) return self->report_later(uuid, record);
        self->on_store([uuid](CommandStore& table) { return table.set_reported(uuid); },
                       [](Result<void>) {});
      });
  if (!queued) report_later(uuid, record);
}

void Commands::Impl::report_later(const Uuid& uuid, const std::string& record) {
  later([uuid, record](Impl& self) { self.report(uuid, record); });
}

// What the disk did not let us do is done again here: the coordinator pushes a command once in a
// session.
void Commands::Impl::later(std::function<void(Impl&)> then) {
  if (closed_) return;
  again_.push_back(std::move(then));
  if (again_timer_->active()) return;
  again_timer_->once(kAgainMs, [this] {
    for (const auto& step : std::exchange(again_, {})) step(*this);
  });
}

void Commands::Impl::resume() {
  on_store([](CommandStore& table) { return table.unreported(); },
           [this](Result<std::vector<CommandStore::Row>> rows) {
             if (!rows) {
               if (!std::exchange(resume_waits_, true))
                 log::warn("commands from before the stop wait", {{"error", rows.error().message}});
               return later([](Impl& self) { self.resume(); });
             }
             resume_waits_ = false;
             for (const CommandStore::Row& row : *rows) {
               auto command = wire::decode_command(row.payload);
               if (!row.result.empty())
                 report(row.uuid, row.result);
               else if (command)
                 begin(std::move(*command));
             }
           });
}

Commands::Commands(Loop& loop, const Clock& clock, StoreThread& store, StateFile& state,
                   Outbox& outbox, Options options)
    : impl_(std::make_shared<Impl>(loop, clock, store, state, outbox, std::move(options))) {}
Commands::~Commands() {
  impl_->close();
}

void Commands::handle(std::string kind, Handler handler) {
  impl_->handlers[std::move(kind)] = std::move(handler);
}
void Commands::set_partitions(std::vector<std::string> partitions) {
  impl_->partitions = std::move(partitions);
}
void Commands::receive(wire::SignedCommand command, std::function<void(wire::CommandAck)> ack) {
  impl_->receive(command, std::move(ack));
}
void Commands::resume() {
  impl_->resume();
}
const Commands::Status& Commands::status() const {
  return impl_->status;
}

}  // namespace farmhand
