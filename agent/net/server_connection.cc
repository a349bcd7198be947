// SPDX-License-Identifier: Apache-2.0
#include "net/server_connection.hh"

#include <libwebsockets.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/server_request.hh"

namespace farmhand::net {

namespace {

constexpr size_t kChunkBytes = 32 << 10;
constexpr int64_t kUsPerMs = 1000;

void set_timer_ms(lws* wsi, uint64_t ms) {
  lws_set_timer_usecs(wsi, static_cast<int64_t>(ms) * kUsPerMs);
}

}  // namespace

void ServerConnection::accepted(lws* wsi, uint64_t id) {
  wsi_ = wsi;
  id_ = id;
  lws_set_opaque_user_data(wsi, reinterpret_cast<void*>(id));
  set_timer_ms(wsi, server_->options().handshake_ms);
}

// Out of the table: what libwebsockets still has to say finds nobody.
void ServerConnection::end() {
  wsi_ = nullptr;
  server_->forget(id_);
  context_.remove(id_);
}

void ServerConnection::drop() {
  if (wsi_ != nullptr) context_.kill(wsi_);
  session_.closed({});
  end();
}

int ServerConnection::on_event(lws* wsi, int reason, void* in, size_t size) {
  const std::string_view bytes(static_cast<const char*>(in), in != nullptr ? size : 0);
  switch (reason) {
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
      return on_http_event(wsi, reason, bytes);
    case LWS_CALLBACK_TIMER:
      return session_.open() ? session_.on_timer() : -1;  // too slow a request, or answer
    case LWS_CALLBACK_WSI_DESTROY:
      end();
      return 0;
    default:
      return on_ws_event(wsi, reason, bytes);
  }
}

int ServerConnection::on_ws_event(lws* wsi, int reason, std::string_view bytes) {
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
      return begin_session(wsi);
    case LWS_CALLBACK_RECEIVE: {
      auto message = session_.take(bytes);
      const auto handler = on_message;  // a copy: it may be replaced while it runs
      if (message && handler) handler(*std::move(message));
      return 0;
    }
    case LWS_CALLBACK_RECEIVE_PONG:
      session_.heard();
      return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
      return session_.on_writable();
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      return session_.on_peer_close(bytes);
    case LWS_CALLBACK_CLOSED: {
      const Error reason_why = session_.closed({});
      const auto handler = std::exchange(on_close, nullptr);
      end();
      if (handler) handler(reason_why);
      return 0;
    }
    default:
      return 0;
  }
}

int ServerConnection::on_http_event(lws* wsi, int reason, std::string_view bytes) {
  switch (reason) {
    case LWS_CALLBACK_HTTP:
      return begin_request(wsi, bytes);
    case LWS_CALLBACK_HTTP_BODY:
      return take_body(bytes);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
      return answer_request();
    case LWS_CALLBACK_HTTP_WRITEABLE:
      return write_response(wsi);
    default:
      return consider_upgrade(wsi, bytes);
  }
}

int ServerConnection::begin_request(lws* wsi, std::string_view path) {
  ++number_;
  request_ = request_from(wsi, path);
  asked_ = false;
  response_.reset();
  headers_written_ = false;
  body_written_ = 0;
  set_timer_ms(wsi, server_->options().handshake_ms);
  if (request_.method == "GET") return answer_request();
  const auto length = content_length_of(wsi);
  if (!length) {
    respond(number_, 411, "text/plain", "say how long the body is: Content-Length\n");
  } else if (*length > server_->options().body_bytes_max) {
    respond(number_, 413, "text/plain",
            "the body may have " + std::to_string(server_->options().body_bytes_max) + " bytes\n");
  } else if (*length == 0) {
    return answer_request();
  }
  return 0;
}

int ServerConnection::take_body(std::string_view bytes) {
  if (response_) return 0;  // already refused: the rest is read and dropped
  if (request_.body.size() + bytes.size() > server_->options().body_bytes_max) return -1;
  request_.body += bytes;
  return 0;
}

// An empty body is complete twice: at its headers, and when libwebsockets says so.
int ServerConnection::answer_request() {
  if (response_ || std::exchange(asked_, true)) return 0;
  lws_set_timeout(wsi_, NO_PENDING_TIMEOUT, 0);
  set_timer_ms(wsi_, server_->options().request_ms);
  bool path_known = false;
  const auto* handler = server_->find_route(request_, path_known);
  if (handler == nullptr) {
    respond(number_, path_known ? 405 : 404, "text/plain",
            path_known ? "wrong method\n" : "there is nothing here\n");
    return 0;
  }
  (*handler)(request_, Responder(context_, id_, number_));
  return 0;
}

void ServerConnection::respond(uint64_t number, int status, std::string content_type,
                               std::string body) {
  if (number != number_ || response_ || wsi_ == nullptr || session_.open()) return;
  response_ =
      Response{.status = status, .content_type = std::move(content_type), .body = std::move(body)};
  lws_callback_on_writable(wsi_);
}

int ServerConnection::write_headers(lws* wsi) {
  std::array<unsigned char, LWS_PRE + 2048> buffer;
  unsigned char* const start = buffer.data() + LWS_PRE;
  unsigned char* at = start;
  unsigned char* const end = buffer.data() + buffer.size() - 1;
  const auto status = static_cast<unsigned>(response_->status);
  if (lws_add_http_common_headers(wsi, status, response_->content_type.c_str(),
                                  response_->body.size(), &at, end) != 0) {
    return -1;
  }
  if (lws_finalize_write_http_header(wsi, start, &at, end) != 0) return -1;
  headers_written_ = true;
  return 0;
}

int ServerConnection::write_response(lws* wsi) {
  if (!response_) return 0;
  if (!headers_written_) {
    if (write_headers(wsi) != 0) return -1;
    if (!response_->body.empty()) {
      lws_callback_on_writable(wsi);
      return 0;
    }
    return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
  }
  std::array<unsigned char, LWS_PRE + kChunkBytes> buffer;
  const size_t size = std::min(kChunkBytes, response_->body.size() - body_written_);
  if (size == 0) return 0;
  std::copy_n(response_->body.data() + body_written_, size, buffer.data() + LWS_PRE);
  body_written_ += size;
  const bool last = body_written_ == response_->body.size();
  if (lws_write(wsi, buffer.data() + LWS_PRE, size, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) <
      0) {
    return -1;
  }
  set_timer_ms(wsi, server_->options().request_ms);  // a slow reader may go on reading
  if (!last) {
    lws_callback_on_writable(wsi);
    return 0;
  }
  return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}

// A result above 0 says that an answer was written here.
int ServerConnection::consider_upgrade(lws* wsi, std::string_view protocol) {
  if (!protocol.empty() && protocol != "websocket") return -1;
  std::array<char, 1024> path;
  const int size = lws_hdr_copy(wsi, path.data(), static_cast<int>(path.size()), WSI_TOKEN_GET_URI);
  if (size <= 0) return -1;
  request_ = request_from(wsi, {path.data(), static_cast<size_t>(size)});
  const auto* handler = server_->find_websocket(request_.path);
  int status = handler != nullptr ? 101 : 404;
  if (handler != nullptr && handler->admit) status = handler->admit(request_);
  if (status == 101) return 0;
  return lws_return_http_status(wsi, static_cast<unsigned>(status), nullptr) != 0 ? -1 : 1;
}

int ServerConnection::begin_session(lws* wsi) {
  session_.opened(wsi);
  const auto* handler = server_->find_websocket(request_.path);
  if (handler == nullptr || !handler->on_open) return -1;
  handler->on_open(request_, WsPeer(context_, id_));
  return 0;
}

}  // namespace farmhand::net
