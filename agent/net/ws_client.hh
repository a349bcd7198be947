// SPDX-License-Identifier: Apache-2.0
// One WebSocket session out. It is opened once; a new attempt is a new WsClient.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hh"
#include "net/context.hh"
#include "net/tls.hh"
#include "net/url.hh"
#include "net/ws_session.hh"

namespace farmhand::net {

class WsClient {
 public:
  struct Target {
    Url url;
    std::string address;  // the resolved one (loop/resolve); the certificate must name url.host
    ClientTls tls;
    std::vector<std::pair<std::string, std::string>> headers;  // `authorization`, `Bearer …`
    uint64_t handshake_ms = 5000;                              // from connect to the open session
    WsLimits limits;
  };

  // Any of them may destroy the WsClient. `on_close` runs once, also for a session that never
  // opened, and never before `connect` has returned. Its error: kUnavailable or kTimeout (try
  // again), kPermission (certificate or credential), kRefused (the other side answered, but not as
  // a WebSocket).
  struct Events {
    std::function<void()> on_open;
    std::function<void(std::string)> on_message;
    std::function<void(Error)> on_close;
  };

  // An error here is a wrong configuration: files that cannot be loaded.
  static Result<std::unique_ptr<WsClient>> connect(Context& context, Target target, Events events);
  ~WsClient();  // drops the connection without a further word

  // Queues one message. kBackpressure when the queue is full, kUnavailable when there is no
  // session, kInvalid above WsLimits::message_bytes_max.
  Result<void> send(std::string message);
  size_t queued_bytes() const;
  bool open() const;

  void close();  // in good order, after what is queued; `on_close` follows with kCancelled

 private:
  class Connection;
  explicit WsClient(std::shared_ptr<Connection> connection);

  std::shared_ptr<Connection> connection_;
};

}  // namespace farmhand::net
