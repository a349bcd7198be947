// SPDX-License-Identifier: Apache-2.0
// One node's session: who it is, where its lanes stand, its segments into the store, commands out
// to it. A session is a node's only after its hello matched its credential or its verified
// certificate, and while no other session of the same node answers.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.hh"
#include "coordinator/apply.hh"
#include "coordinator/ask.hh"
#include "loop/timer.hh"
#include "net/server.hh"
#include "wire/sync.hh"

namespace farmhand::coordinator {

class Sessions;

struct SessionLimits {
  uint64_t hello_ms_max = 5'000;
  uint64_t silence_ms_max = 15'000;  // a node pings more often than that
  // A second session of a node waits so long for the first to prove that it lives.
  uint64_t duplicate_ms = 6'000;
};

class Session {
 public:
  Session(Loop& loop, const Clock& clock, Ask& ask, Sessions& sessions, uint64_t id,
          const SessionLimits& limits, const net::Request& request, net::WsPeer peer);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  uint64_t id() const { return id_; }
  bool live() const { return state_ == State::kLive; }
  int64_t node() const { return node_ ? node_->id : 0; }
  const std::string& boot_id() const { return hello_->boot_id; }
  uint64_t heard_ns() const { return heard_ns_; }

  void push(const CommandRow& command);
  void refuse(const std::string& code, const std::string& sentence);

 private:
  enum class State { kUnknown, kGreeted, kContested, kWelcoming, kLive, kEnding };

  void identify(const net::Request& request);
  void on_identified(const Result<std::optional<NodeRow>>& row);
  void on_message(const std::string& bytes);
  void on_hello(wire::Hello hello);
  void on_segments(wire::Segments segments);
  void on_applied(const Result<Applied>& applied);
  void greet();
  void contest();
  void look_at_rival(uint64_t since_ns);
  void welcome();
  void go_live(std::vector<wire::Watermark> watermarks, const std::vector<CommandRow>& commands);
  void look_for_silence();
  void on_command_ack(const wire::CommandAck& ack);
  void send(wire::CoordinatorMessage message);
  void end(const std::string& why);

  const Clock& clock_;
  Ask& ask_;
  Sessions& sessions_;
  uint64_t id_;
  SessionLimits limits_;
  net::WsPeer peer_;
  State state_ = State::kUnknown;
  std::string certified_;  // the node that a verified certificate names
  bool identified_ = false;
  std::optional<NodeRow> node_;
  std::optional<wire::Hello> hello_;
  uint64_t heard_ns_ = 0;
  int applying_ = 0;
  Timer step_timer_;
  Timer silence_timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);

  // For answers of the store: this session may have ended meanwhile.
  template <typename F>
  auto guarded(F f) {
    return [alive = std::weak_ptr<int>(alive_), f](auto&&... args) {
      if (alive.lock()) f(std::forward<decltype(args)>(args)...);
    };
  }
};

}  // namespace farmhand::coordinator
