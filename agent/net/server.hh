// SPDX-License-Identifier: Apache-2.0
// Listens for HTTP requests and WebSocket sessions, with or without TLS.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hh"
#include "net/context.hh"
#include "net/tls.hh"
#include "net/ws_session.hh"

namespace farmhand::net {

struct Request {
  std::string method;                                      // `GET`, `POST`
  std::string path;                                        // decoded
  std::vector<std::pair<std::string, std::string>> query;  // decoded
  std::string bearer;  // of `Authorization: Bearer …`; empty: none
  // `farmhand:node:…` of a client certificate that was *verified*; else empty.
  std::string peer_uri;
  std::string accept;  // what the client would like to get, as written
  std::string content_type;
  std::string body;

  std::optional<std::string> find_query(std::string_view name) const;
};

// Answers one request, now or later. Copies stand for the same answer; the first call counts, and
// one for a connection that is gone is dropped. A request nobody answers ends after
// Options::request_ms.
class Responder {
 public:
  Responder(Context& context, uint64_t id, uint64_t number)
      : context_(&context), id_(id), number_(number) {}
  void respond(int status, std::string content_type, std::string body) const;

 private:
  Context* context_;
  uint64_t id_;
  uint64_t number_;  // of the request within its connection
};

// The server's end of a session. Destroying it drops the connection without a further word.
class WsPeer {
 public:
  WsPeer(Context& context, uint64_t id) : context_(&context), id_(id) {}
  WsPeer(WsPeer&& other) noexcept : context_(other.context_), id_(std::exchange(other.id_, 0)) {}
  WsPeer& operator=(WsPeer&& other) noexcept;
  ~WsPeer();

  // Either may destroy the WsPeer. `on_close` runs once: kCancelled when the other side closed in
  // good order or we asked for it, kTimeout for a frozen one.
  void on_message(std::function<void(std::string)> handler);
  void on_close(std::function<void(Error)> handler);

  Result<void> send(std::string message);  // as WsClient::send
  size_t queued_bytes() const;
  void close();  // in good order, after what is queued

 private:
  Context* context_;
  uint64_t id_;
};

class Server {
 public:
  class Listening;  // for this folder
  struct Options {
    std::string address = "127.0.0.1";  // an address of this machine; empty: all of them
    uint16_t port = 0;                  // 0: a free one, see port()
    std::optional<ServerTls> tls;       // none: plain text
    size_t body_bytes_max = 64 << 10;   // of a request; a larger one gets 413
    uint64_t handshake_ms = 5000;  // from accept to the whole request; a silent peer is dropped
    uint64_t request_ms = 30000;   // from the request to its answer
    WsLimits limits = {.ping_ms = 10000, .pong_ms = 5000};
  };
  using HttpHandler = std::function<void(const Request&, Responder)>;
  struct WsHandler {
    // 101 lets the session in, anything else is the HTTP status of the refusal. Absent: all are let
    // in.
    std::function<int(const Request&)> admit;
    std::function<void(const Request&, WsPeer)> on_open;
  };

  // kExists when the port is in use, kInvalid for files or addresses that cannot be used.
  static Result<std::unique_ptr<Server>> listen(Context& context, Options options);
  // Drops its connections. libwebsockets frees the port only half a minute later.
  ~Server();

  uint16_t port() const;

  // The longest matching prefix answers. `/fleet/` answers `/fleet/nodes`; `/metrics` also
  // `/metrics/x`.
  void get(std::string path_prefix, HttpHandler handler);
  void post(std::string path_prefix, HttpHandler handler);
  void websocket(std::string path, WsHandler handler);

 private:
  explicit Server(std::shared_ptr<Listening> listening);

  std::shared_ptr<Listening> listening_;
};

}  // namespace farmhand::net
