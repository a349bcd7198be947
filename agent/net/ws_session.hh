// SPDX-License-Identifier: Apache-2.0
// What both ends of a WebSocket do: put messages together, send them one write at a time from a
// bounded queue, and find out by pings that the other side is frozen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hh"

struct lws;

namespace farmhand::net {

struct WsLimits {
  size_t message_bytes_max = size_t{2} << 20;  // either way; a larger one received ends the session
  size_t queue_bytes_max = size_t{8} << 20;    // not yet taken by the kernel
  uint64_t ping_ms = 5000;                     // a ping when nothing was heard for so long
  uint64_t pong_ms = 5000;  // hang up when nothing was heard for so long after it
};

// The message part of a connection. It lives in the Endpoint that owns the connection; the
// functions that return int are for its callbacks, and a result other than 0 closes the connection.
class WsSession {
 public:
  explicit WsSession(WsLimits limits) : limits_(limits) {}

  void opened(lws* wsi);
  Error closed(std::string_view tls_problem);  // the reason why
  bool open() const { return wsi_ != nullptr; }

  Result<void> send(std::string message);
  size_t queued_bytes() const { return queued_bytes_; }
  void close_when_sent();

  // The message that this fragment completes, if it does.
  std::optional<std::string> take(std::string_view fragment);
  int on_peer_close(std::string_view code_and_reason);
  int on_writable();
  int on_timer();
  void heard() { heard_ = true; }

 private:
  void close_with(int status);
  int64_t acknowledged() const;
  bool ping_is_under_way() const;
  int write_ping();
  int write_chunk();

  WsLimits limits_;
  lws* wsi_ = nullptr;
  std::optional<Error> failure_;   // what we close for
  std::optional<Error> farewell_;  // what the other side closes for
  bool closing_ = false;
  int close_status_ = 0;  // 0: not yet

  std::string incoming_;
  std::deque<std::string> outgoing_;  // each with room for libwebsockets' header in front
  size_t sent_of_front_ = 0;
  size_t queued_bytes_ = 0;

  bool heard_ = false;
  bool ping_wanted_ = false;         // not yet written
  bool ping_out_ = false;            // wanted or written, and nothing heard since
  int64_t written_ = 0;              // bytes given to libwebsockets
  int64_t written_at_ping_ = 0;      // of those, the ones before the ping
  int64_t acknowledged_before_ = 0;  // at the last look
};

}  // namespace farmhand::net
