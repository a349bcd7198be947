// SPDX-License-Identifier: Apache-2.0
#include "session.hh"

#include "tamper.hh"

namespace farmhand::proxy {
namespace {

constexpr uint64_t kReorderMs = 200;
constexpr uint64_t kEarlyMs = 300;      // from the false acknowledgement to the true delivery
constexpr uint64_t kFarewellMs = 1000;  // for the node to answer the close
constexpr size_t kMemoryBytes = 16 << 20;
constexpr int kNacksToPoison = 5;
constexpr size_t kToldMax = 64;

// The six things that can happen to any message of one direction.
struct Direction {
  Fault drop, delay_ms, duplicate, reorder, truncate, cut;
};
constexpr Direction kUp = {Fault::kUpDrop,    Fault::kUpDelayMs,  Fault::kUpDuplicate,
                           Fault::kUpReorder, Fault::kUpTruncate, Fault::kUpCut};
constexpr Direction kDown = {Fault::kDownDrop,    Fault::kDownDelayMs,  Fault::kDownDuplicate,
                             Fault::kDownReorder, Fault::kDownTruncate, Fault::kDownCut};

// True when the connection is to be cut while the message is on its way.
bool send(Faults& faults, const Direction& at, Way& way, std::string bytes, uint64_t delay_ms) {
  if (faults.happens(at.drop)) return false;
  if (faults.happens(at.truncate)) truncate(faults, bytes);
  delay_ms += faults.ms(at.delay_ms);
  if (delay_ms > 0) faults.count(at.delay_ms);
  if (faults.happens(at.duplicate)) way.add(bytes, delay_ms);
  if (faults.happens(at.reorder))
    way.add_late(std::move(bytes), delay_ms + kReorderMs);
  else
    way.add(std::move(bytes), delay_ms);
  return faults.happens(at.cut);
}

}  // namespace

void Memory::keep(const wire::Segments& batch) {
  batches_.push_back(wire::encode_node_message(batch));
  bytes_ += batches_.back().size();
  while (bytes_ > kMemoryBytes) {
    bytes_ -= batches_.front().size();
    batches_.pop_front();
  }
}

std::optional<uint64_t> Memory::find_poison(Faults& faults, const wire::Segments& batch) {
  if (!poison_ && faults.happens(Fault::kPoison))
    poison_ = Poison{batch.lane, record_of(faults, batch), 0};
  if (!poison_ || poison_->lane != batch.lane || poison_->seq < batch.segments.front().from ||
      poison_->seq > batch.segments.back().to)
    return std::nullopt;
  const uint64_t seq = poison_->seq;
  if (++poison_->times == kNacksToPoison) poison_.reset();
  return seq;
}

Session::Session(Parts parts, net::WsPeer node, std::function<void()> gone)
    : parts_(parts),
      node_(std::move(node)),
      gone_(std::move(gone)),
      up_(parts.loop, parts.clock, [this](std::string bytes) { to_coordinator(std::move(bytes)); }),
      down_(parts.loop, parts.clock, [this](std::string bytes) { to_node(std::move(bytes)); }),
      cutter_(parts.loop) {
  node_.on_message([this](std::string bytes) { on_node_message(std::move(bytes)); });
  node_.on_close([this](const Error&) { end(); });
}

void Session::connect(net::Context& net, net::WsClient::Target target) {
  auto client = net::WsClient::connect(
      net, std::move(target),
      {[this] {
         for (std::string& bytes : std::exchange(unsent_, {})) to_coordinator(std::move(bytes));
       },
       [this](std::string bytes) { on_coordinator_message(std::move(bytes)); },
       [this](const Error&) {
         down_.deliver_all();  // its last word, such as a refusal
         node_.close();
         cutter_.once(kFarewellMs, [this] { end(); });
       }});
  if (!client) return end();
  coordinator_ = std::move(*client);
}

// A little later, so that a part of what is on its way has left.
void Session::cut() {
  cutter_.once(1, [this] { end(); });
}

void Session::end() {
  if (std::exchange(ended_, true)) return;
  gone_();
}

void Session::on_node_message(std::string bytes) {
  if (parts_.faults.happens(Fault::kSwallow)) return;
  auto message = wire::decode_node_message(bytes);
  if (!message) return pass_up(std::move(bytes));
  if (auto* batch = std::get_if<wire::Segments>(&*message); batch && !batch->segments.empty()) {
    if (tamper_with_batch(*batch)) return;
    bytes = wire::encode_node_message(std::move(*batch));
  }
  pass_up(std::move(bytes));
}

bool Session::tamper_with_batch(wire::Segments& batch) {
  Faults& faults = parts_.faults;
  if (faults.happens(Fault::kReplay) && !parts_.memory.empty())
    pass_up(parts_.memory.draw(faults), faults.below(2) * kReorderMs);
  parts_.memory.keep(batch);
  std::optional<uint64_t> refused = parts_.memory.find_poison(faults, batch);
  if (faults.happens(Fault::kNack)) refused = record_of(faults, batch);
  if (refused) {
    tell_node(wire::Nack{batch.lane, *refused, "the fault proxy refuses it"});
    return true;
  }
  if (faults.happens(Fault::kAckWithoutApplying)) {
    tell_node(wire::Applied{end_of(batch)});
    return true;
  }
  if (faults.happens(Fault::kAckEarly)) {
    tell_node(wire::Applied{end_of(batch)});
    pass_up(wire::encode_node_message(std::move(batch)), kEarlyMs);
    return true;
  }
  if (faults.happens(Fault::kSegmentsDuplicate)) duplicate_segments(batch);
  if (faults.happens(Fault::kSegmentsReorder)) reorder_segments(faults, batch);
  return false;
}

void Session::on_coordinator_message(std::string bytes) {
  if (parts_.faults.happens(Fault::kSwallow)) return;
  tamper_with_answer(bytes);
  pass_down(std::move(bytes));
}

void Session::tamper_with_answer(std::string& bytes) {
  Faults& faults = parts_.faults;
  auto message = wire::decode_coordinator_message(bytes);
  if (!message) return;
  if (auto* welcome = std::get_if<wire::Welcome>(&*message)) {
    if (welcome->applied.empty() || !faults.happens(Fault::kWelcomeOtherChain)) return;
    welcome->applied[faults.below(welcome->applied.size())].chain[0] ^= 1;
    bytes = wire::encode_coordinator_message(std::move(*message));
  } else if (auto* applied = std::get_if<wire::Applied>(&*message)) {
    if (!told_.empty() && faults.happens(Fault::kAckStale))
      tell_node(wire::Applied{told_[faults.below(told_.size())]});
    told_.push_back(applied->watermark);
    if (told_.size() > kToldMax) told_.pop_front();
    if (auto lie = lie_about(faults, applied->watermark))
      bytes = wire::encode_coordinator_message(wire::Applied{*lie});
  }
}

void Session::pass_up(std::string bytes, uint64_t delay_ms) {
  if (send(parts_.faults, kUp, up_, std::move(bytes), delay_ms)) cut();
}
void Session::pass_down(std::string bytes) {
  if (send(parts_.faults, kDown, down_, std::move(bytes), 0)) cut();
}
void Session::tell_node(wire::CoordinatorMessage message) {
  down_.add(wire::encode_coordinator_message(std::move(message)), 0);
}

void Session::to_node(std::string bytes) {
  if (!ended_ && !node_.send(std::move(bytes))) end();
}
void Session::to_coordinator(std::string bytes) {
  if (ended_) return;
  if (!coordinator_ || !coordinator_->open())
    unsent_.push_back(std::move(bytes));
  else if (!coordinator_->send(std::move(bytes)))
    end();
}

}  // namespace farmhand::proxy
