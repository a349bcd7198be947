// SPDX-License-Identifier: Apache-2.0
// The local UNIX-socket API. A client sends one line (request.hh) and gets one JSON document, then
// the connection is closed; an error is `{"error":{"code":"…","message":"…"}}`.
//
// The socket is open to everybody on the node (mode 0666): looking is free, and the peer's
// credentials, which the kernel vouches for, decide about the rest. Downside: any local user can
// occupy client slots, so slots are short-lived and some are kept for root and the agent's user.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hh"
#include "control/verbs.hh"
#include "loop/loop.hh"
#include "loop/stream.hh"
#include "loop/timer.hh"

namespace farmhand {

class ControlServer {
 public:
  struct Limits {
    size_t clients_max = 32;
    size_t clients_kept_for_owner = 8;
    uint64_t request_ms = 5'000;   // for the client to send its line
    uint64_t answer_ms = 120'000;  // for the verb to be done: enrolment waits for a far machine
    uint64_t take_ms = 10'000;     // for the client to take the reply
  };

  // Listens at `path`, whose directory exists. `verbs` outlives the server.
  static Result<std::unique_ptr<ControlServer>> listen(Loop& loop, const std::string& path,
                                                       const Verbs& verbs, Limits limits);
  static Result<std::unique_ptr<ControlServer>> listen(Loop& loop, const std::string& path,
                                                       const Verbs& verbs) {
    return listen(loop, path, verbs, Limits());
  }
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    Stream stream;
    Timer deadline;
    bool owner;
    std::string who;
    bool answering = false;
    std::string received = {};
  };

  ControlServer(Loop& loop, const Verbs& verbs, Limits limits)
      : loop_(loop), verbs_(verbs), limits_(limits) {}
  void on_connection(Stream stream);
  void on_bytes(uint64_t id, std::string_view bytes);
  void on_end(uint64_t id);
  void answer(uint64_t id, std::string_view line);
  void reply(uint64_t id, const Result<std::string>& document);
  void expect(uint64_t id, uint64_t within_ms);

  Loop& loop_;
  const Verbs& verbs_;
  Limits limits_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Client> clients_;
  std::optional<Listener> listener_;
  // Verbs and writes may end after the server: they hold this weakly.
  std::shared_ptr<ControlServer*> self_ = std::make_shared<ControlServer*>(this);
};

// `{"error":{"code":"…","message":"…"}}`
std::string json_of_error(const Error& error);

}  // namespace farmhand
