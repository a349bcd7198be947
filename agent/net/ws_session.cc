// SPDX-License-Identifier: Apache-2.0
#include "net/ws_session.hh"

#include <libwebsockets.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <utility>

namespace farmhand::net {

namespace {

// Given to libwebsockets at once. It copies what the kernel does not take, so this bounds the copy.
constexpr size_t kChunkBytes = 64 << 10;

constexpr int64_t kUsPerMs = 1000;

std::string mebibytes(size_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

void WsSession::opened(lws* wsi) {
  wsi_ = wsi;
  lws_set_timer_usecs(wsi_, static_cast<int64_t>(limits_.ping_ms) * kUsPerMs);
}

Error WsSession::closed(std::string_view tls_problem) {
  wsi_ = nullptr;
  outgoing_.clear();
  queued_bytes_ = 0;
  if (failure_) return *failure_;
  if (closing_) return {Errc::kCancelled, "the session was closed"};
  if (farewell_) return *farewell_;
  if (!tls_problem.empty()) return {Errc::kPermission, std::string(tls_problem)};
  return {Errc::kUnavailable, "the connection broke"};
}

Result<void> WsSession::send(std::string message) {
  if (wsi_ == nullptr || closing_) return Error{Errc::kUnavailable, "the session is not open"};
  if (message.size() > limits_.message_bytes_max) {
    return Error{Errc::kInvalid,
                 "the message is larger than " + mebibytes(limits_.message_bytes_max)};
  }
  if (message.size() > limits_.queue_bytes_max - std::min(limits_.queue_bytes_max, queued_bytes_)) {
    return Error{Errc::kBackpressure,
                 "the session's queue is full: the other side reads too slowly"};
  }
  queued_bytes_ += message.size();
  message.insert(0, LWS_PRE, '\0');
  outgoing_.push_back(std::move(message));
  lws_callback_on_writable(wsi_);
  return {};
}

void WsSession::close_when_sent() {
  if (wsi_ == nullptr) return;
  closing_ = true;
  lws_callback_on_writable(wsi_);
}

std::optional<std::string> WsSession::take(std::string_view fragment) {
  heard_ = true;
  if (failure_) return std::nullopt;
  if (incoming_.size() + fragment.size() > limits_.message_bytes_max) {
    failure_ = Error{Errc::kInvalid, "the other side sent a message larger than " +
                                         mebibytes(limits_.message_bytes_max)};
    incoming_ = {};
    close_with(LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE);
    return std::nullopt;
  }
  incoming_ += fragment;
  if (lws_is_final_fragment(wsi_) == 0) return std::nullopt;
  return std::exchange(incoming_, {});
}

// On libuv, libwebsockets 4.1.6 closes twice when a callback of its socket service asks for it, and
// the second time drops the close frame of the first. Its timer closes once, so that asks.
void WsSession::close_with(int status) {
  close_status_ = status;
  lws_set_timer_usecs(wsi_, 1);
}

int WsSession::on_peer_close(std::string_view code_and_reason) {
  if (code_and_reason.size() < 2) {
    farewell_ = Error{Errc::kCancelled, "the other side closed the session"};
    return 0;
  }
  const int code =
      static_cast<uint8_t>(code_and_reason[0]) << 8 | static_cast<uint8_t>(code_and_reason[1]);
  const bool orderly = code == LWS_CLOSE_STATUS_NORMAL || code == LWS_CLOSE_STATUS_GOINGAWAY;
  farewell_ = Error{orderly ? Errc::kCancelled : Errc::kRefused,
                    "the other side closed the session (" + std::to_string(code) + ")"};
  return 0;
}

int WsSession::on_writable() {
  if (wsi_ == nullptr || close_status_ != 0) return 0;
  int result = 0;
  if (ping_wanted_) {
    result = write_ping();
  } else if (!outgoing_.empty()) {
    result = write_chunk();
  } else if (closing_) {
    close_with(LWS_CLOSE_STATUS_NORMAL);
    return 0;
  }
  if (result == 0 && (ping_wanted_ || !outgoing_.empty() || closing_)) {
    lws_callback_on_writable(wsi_);
  }
  return result;
}

int WsSession::write_ping() {
  std::array<unsigned char, LWS_PRE> empty{};
  ping_wanted_ = false;
  written_at_ping_ = written_;
  return lws_write(wsi_, empty.data() + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
}

// The next piece of the message in front, as a WebSocket fragment. The bytes before it, which
// libwebsockets writes its header over, are already sent.
int WsSession::write_chunk() {
  std::string& message = outgoing_.front();
  const size_t payload = message.size() - LWS_PRE;
  const size_t size = std::min(kChunkBytes, payload - sent_of_front_);
  const bool last = sent_of_front_ + size == payload;
  int how = sent_of_front_ == 0 ? LWS_WRITE_BINARY : LWS_WRITE_CONTINUATION;
  if (!last) how |= LWS_WRITE_NO_FIN;
  auto* at = reinterpret_cast<unsigned char*>(message.data()) + LWS_PRE + sent_of_front_;
  if (lws_write(wsi_, at, size, static_cast<lws_write_protocol>(how)) < 0) return -1;
  written_ += static_cast<int64_t>(size);
  sent_of_front_ += size;
  queued_bytes_ -= size;
  if (last) {
    outgoing_.pop_front();
    sent_of_front_ = 0;
  }
  return 0;
}

// How much of what we wrote the other side's kernel has; near enough, for TLS adds a little.
int64_t WsSession::acknowledged() const {
  int unsent = 0;
  if (::ioctl(lws_get_socket_fd(wsi_), SIOCOUTQ, &unsent) != 0) unsent = 0;
  return written_ - unsent;
}

bool WsSession::ping_is_under_way() const {
  return ping_wanted_ || acknowledged_before_ < written_at_ping_;
}

// Silence, then a ping, then silence again: the other side is frozen, unless the ping still waits
// behind data that a slow link keeps moving.
int WsSession::on_timer() {
  if (wsi_ == nullptr) return 0;
  if (close_status_ != 0) {
    lws_close_reason(wsi_, static_cast<lws_close_status>(close_status_), nullptr, 0);
    return -1;
  }
  const int64_t now = acknowledged();
  const bool moving = ping_out_ && ping_is_under_way() && now > acknowledged_before_;
  acknowledged_before_ = now;
  const bool heard = std::exchange(heard_, false);
  if (heard) ping_out_ = false;
  if (!heard && ping_out_ && !moving) {
    failure_ = Error{Errc::kTimeout, "the other side is frozen: it has not answered a ping for " +
                                         std::to_string(limits_.pong_ms) + " ms"};
    return -1;
  }
  if (!heard && !ping_out_) {
    ping_wanted_ = true;
    ping_out_ = true;
    lws_callback_on_writable(wsi_);
  }
  const uint64_t wait_ms = ping_out_ ? limits_.pong_ms : limits_.ping_ms;
  lws_set_timer_usecs(wsi_, static_cast<int64_t>(wait_ms) * kUsPerMs);
  return 0;
}

}  // namespace farmhand::net
