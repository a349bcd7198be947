// SPDX-License-Identifier: Apache-2.0
// Signed commands on the node: verified here, persisted before they are acknowledged, begun at most
// as often as they allow, and remembered with their results for ever. Only the signed bytes are
// believed, never the coordinator's word about them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "base/ids.hh"
#include "base/result.hh"
#include "loop/loop.hh"
#include "store/state.hh"
#include "wire/command.hh"
#include "wire/sync.hh"

namespace farmhand {

class Outbox;
class StoreThread;

// What sync adds to state.db; passed to the StateFile at its birth.
StateFile::Module commands_module();

class Commands {
 public:
  // The sentence of success, or the reason of failure; called exactly once, on the loop.
  using Done = std::function<void(Result<std::string>)>;
  using Handler = std::function<void(const wire::Command&, Done)>;

  struct Options {
    std::vector<std::string>
        trusted_keys;                     // PEM text of Ed25519 public keys; one has to have signed
    std::vector<std::string> partitions;  // this node's, as it was enrolled
  };
  struct Status {
    uint64_t received = 0;
    uint64_t repeated = 0;  // known already: acknowledged again, not run again
    uint64_t refused = 0;
    uint64_t succeeded = 0;
    uint64_t failed = 0;
    std::string last_refusal;  // a sentence
  };

  // `state` is used on the store thread only, and outlives this.
  Commands(Loop& loop, const Clock& clock, StoreThread& store, StateFile& state, Outbox& outbox,
           Options options);
  ~Commands();
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

  void handle(std::string kind, Handler handler);
  void set_partitions(std::vector<std::string> partitions);

  // `ack` runs once the command is persisted, or at once when it is refused.
  void receive(wire::SignedCommand command, std::function<void(wire::CommandAck)> ack);

  // Goes on with commands that were accepted before the last stop and have no result. Call it
  // once, after the handlers are there.
  void resume();

  const Status& status() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with work on the store thread
};

}  // namespace farmhand
