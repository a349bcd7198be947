// SPDX-License-Identifier: Apache-2.0
// The node's session with its coordinator: one WebSocket, kept alive for as long as the Uplink
// lives. It drains the outbox, one batch per lane in flight, and hands pushed commands on. Losing
// the coordinator is a normal state: what was not applied is read from the outbox again.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hh"
#include "base/ids.hh"
#include "loop/loop.hh"
#include "outbox/lane.hh"
#include "wire/sync.hh"

namespace farmhand {

namespace net {
class Context;
}
class Outbox;

enum class UplinkState : uint8_t {
  kStopped,     // not asked to run, or stopped
  kResolving,   // looking the coordinator's name up
  kConnecting,  // TCP, TLS and the WebSocket upgrade
  kGreeting,    // hello sent, no welcome yet
  kLive,        // draining
  kWaiting,     // the next try comes by itself
  kRefused,     // the coordinator said no: tries go on, slowly, but a person should act
};
std::string_view name_of(UplinkState state);

struct UplinkStatus {
  UplinkState state = UplinkState::kStopped;
  uint64_t since_ns = 0;     // boottime at which this state began
  uint64_t next_try_ns = 0;  // boottime of the next try; 0: none is due
  std::string last_error;    // a sentence; empty once a session is live
  uint64_t sessions = 0;     // welcomes so far
  uint64_t bytes_sent = 0;
  uint64_t segments_sent = 0;
  uint64_t nacks = 0;
  uint64_t round_trip_ns = 0;  // of the last ping; 0: none yet
  std::array<bool, kLaneCount> in_flight{};
};

class Uplink {
 public:
  struct Options {
    std::string url;                  // wss://host:port/v1/sync
    std::string ca_file;              // PEM; the only authorities believed
    std::string cert_file, key_file;  // client certificate; both or neither
    std::string credential;           // bearer secret from enrolment; empty with a certificate
    Uuid node;
    std::string hostname;
    std::string boot_id;
    std::string agent_version;

    uint64_t handshake_ms_max = 5'000;  // each: connect, hello until welcome
    uint64_t ping_ms = 4'000;
    uint64_t silence_ms_max = 12'000;  // a peer that says nothing for so long is gone
    uint64_t backoff_ms_min = 1'000;
    uint64_t backoff_ms_max = 60'000;
    size_t batch_bytes_max = 7 << 18;  // 1.75 MiB: a message may have 2
  };
  // A command as it came. `ack` is to be called once it is persisted, with what to answer.
  using CommandSink =
      std::function<void(wire::SignedCommand, std::function<void(wire::CommandAck)>)>;

  Uplink(Loop& loop, const Clock& clock, net::Context& net, Outbox& outbox, Options options);
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  void on_command(CommandSink sink);
  void start();
  void stop();  // closes the session; the outbox keeps what was not applied
  void set_credential(std::string credential);  // after enrolment: reconnects at once

  UplinkStatus status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace farmhand
