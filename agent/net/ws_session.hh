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

// The message part of a connection. It lives in the Endpoint that owns the connection.
class WsSession {
 public:
  explicit WsSession(WsLimits limits) : limits_(limits) {}

  void opened(lws* wsi);
  void closed();
  bool open() const { return wsi_ != nullptr; }

  Result<void> send(std::string message);
  size_t queued_bytes() const { return queued_bytes_; }
  void close_when_sent();

  // From the callbacks; a result other than 0 closes the connection.
  std::optional<std::string> take(std::string_view fragment, bool first, bool final);
  bool overflowed() const { return overflowed_; }
  int on_writable();
  int on_timer();
  void heard() { heard_ = true; }
  const std::optional<Error>& failure() const { return failure_; }
  bool closing() const { return closing_; }

 private:
  int64_t acknowledged() const;
  int write_ping();
  int write_chunk();

  WsLimits limits_;
  lws* wsi_ = nullptr;

  std::string incoming_;
  bool overflowed_ = false;

  std::deque<std::string> outgoing_;  // each with room for libwebsockets' header in front
  size_t sent_of_front_ = 0;
  size_t queued_bytes_ = 0;
  bool closing_ = false;

  bool heard_ = true;
  bool ping_wanted_ = false;
  bool ping_out_ = false;
  int64_t written_ = 0;              // bytes given to libwebsockets
  int64_t written_at_ping_ = 0;      // of those, the ones before the ping
  int64_t acknowledged_before_ = 0;  // at the last look
  std::optional<Error> failure_;
};

}  // namespace farmhand::net
