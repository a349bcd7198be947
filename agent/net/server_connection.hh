// SPDX-License-Identifier: Apache-2.0
// One accepted connection: requests one after another, or a WebSocket. For this folder only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/server.hh"

struct lws_vhost;

namespace farmhand::net {

// Where a server listens and what it answers. It is the endpoint of new connections.
class Server::Listening final : public Endpoint {
 public:
  Listening(Context& context, Options options) : context_(context), options_(std::move(options)) {}

  static Result<std::shared_ptr<Listening>> create(Context& context, Options options);
  void stop();
  uint16_t port() const { return port_; }
  const Options& options() const { return options_; }

  int on_event(lws* wsi, int reason, void* in, size_t size) override;
  void forget(uint64_t connection) { connections_.erase(connection); }

  struct Route {
    std::string method;
    std::string prefix;
    HttpHandler handler;
  };
  void add_route(Route route) { routes_.push_back(std::move(route)); }
  void add_websocket(std::string path, WsHandler handler);
  const HttpHandler* find_route(const Request& request, bool& path_known) const;
  const WsHandler* find_websocket(std::string_view path) const;

 private:
  int accept(lws* wsi);

  Context& context_;
  Options options_;
  uint64_t id_ = 0;
  lws_vhost* vhost_ = nullptr;
  uint16_t port_ = 0;
  std::vector<Route> routes_;
  std::vector<std::pair<std::string, WsHandler>> websockets_;
  std::set<uint64_t> connections_;
};

class ServerConnection final : public Endpoint {
 public:
  ServerConnection(Context& context, std::shared_ptr<Server::Listening> server)
      : context_(context), server_(std::move(server)), session_(server_->options().limits) {}

  void accepted(lws* wsi, uint64_t id);
  int on_event(lws* wsi, int reason, void* in, size_t size) override;
  void drop();

  void respond(uint64_t number, int status, std::string content_type, std::string body);
  WsSession& session() { return session_; }
  std::function<void(std::string)> on_message;
  std::function<void(Error)> on_close;

 private:
  int on_http_event(lws* wsi, int reason, std::string_view bytes);
  int on_ws_event(lws* wsi, int reason, std::string_view bytes);
  int begin_request(lws* wsi, std::string_view path);
  int take_body(std::string_view bytes);
  int answer_request();
  int consider_upgrade(lws* wsi, std::string_view protocol);
  int begin_session(lws* wsi);
  int write_response(lws* wsi);
  int write_headers(lws* wsi);
  void end();

  Context& context_;
  std::shared_ptr<Server::Listening> server_;
  uint64_t id_ = 0;
  lws* wsi_ = nullptr;

  uint64_t number_ = 0;  // of the current request
  bool asked_ = false;   // its handler was called
  Request request_;
  struct Response {
    int status;
    std::string content_type;
    std::string body;
  };
  std::optional<Response> response_;
  bool headers_written_ = false;
  size_t body_written_ = 0;

  WsSession session_;
};

}  // namespace farmhand::net
