// SPDX-License-Identifier: Apache-2.0
#include "net/server.hh"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.hh"
#include "base/log.hh"
#include "net/server_connection.hh"

namespace farmhand::net {

namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<SocketAddress> socket_address(const std::string& address, uint16_t port) {
  SocketAddress out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof *v4;
  } else if (address.empty() || ::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.size = sizeof *v6;
  } else {
    return Error{Errc::kInvalid, "listen on '" + address + "': write an address such as 127.0.0.1"};
  }
  return out;
}

// libwebsockets would only log why it cannot listen, so the same is tried before it.
Result<void> try_to_bind(const std::string& address, uint16_t port) {
  const auto target = socket_address(address, port);
  if (!target) return target.error();
  const std::string where =
      "listen on " + (address.empty() ? "port" : address + " port") + " " + std::to_string(port);
  const Fd probe(::socket(target->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe) return error_from_errno(where, errno);
  const int yes = 1;
  ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const auto* raw = reinterpret_cast<const sockaddr*>(&target->storage);
  if (::bind(probe.get(), raw, target->size) == 0) return {};
  if (errno == EADDRINUSE) {
    return Error{Errc::kExists, where +
                                    ": the port is in use by another program; stop it or "
                                    "configure another port"};
  }
  if (errno == EADDRNOTAVAIL) {
    return Error{Errc::kInvalid, where + ": this machine does not have that address"};
  }
  return error_from_errno(where, errno);
}

}  // namespace

Result<std::shared_ptr<Server::Listening>> Server::Listening::create(Context& context,
                                                                     Options options) {
  if (options.tls) {
    if (auto good = check_server_tls(*options.tls); !good) return good.error();
  }
  if (auto free = try_to_bind(options.address, options.port); !free) return free.error();
  auto listening = std::make_shared<Listening>(context, std::move(options));
  const Options& chosen = listening->options_;
  listening->id_ = context.add(listening);
  const auto vhost = context.server_vhost(
      {.endpoint = listening->id_,
       .address = chosen.address,
       .port = chosen.port,
       .tls = chosen.tls.has_value(),
       .asks_for_certificates = chosen.tls && !chosen.tls->client_ca_file.empty()});
  if (!vhost) {
    context.remove(listening->id_);
    return vhost.error().in("listen on " + chosen.address + " port " + std::to_string(chosen.port));
  }
  listening->vhost_ = *vhost;
  listening->port_ = static_cast<uint16_t>(lws_get_vhost_listen_port(*vhost));
  return listening;
}

void Server::Listening::stop() {
  const auto connections = std::exchange(connections_, {});
  for (const uint64_t id : connections) {
    const auto connection = std::static_pointer_cast<ServerConnection>(context_.find(id));
    if (connection) connection->drop();
  }
  context_.remove(id_);
  if (!context_.closing()) lws_vhost_destroy(vhost_);
}

int Server::Listening::on_event(lws* wsi, int reason, void* in, size_t) {
  if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED) return accept(wsi);
  if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
    const auto loaded = load_server_tls(static_cast<ssl_ctx_st*>(in), *options_.tls);
    if (!loaded)
      log::error("TLS files changed while they were read", {{"reason", loaded.error().message}});
    return loaded ? 0 : -1;
  }
  return 0;
}

int Server::Listening::accept(lws* wsi) {
  const auto self = std::static_pointer_cast<Listening>(context_.find(id_));
  const auto connection = std::make_shared<ServerConnection>(context_, self);
  const uint64_t id = context_.add(connection);
  connections_.insert(id);
  connection->accepted(wsi, id);
  return 0;
}

void Server::Listening::add_websocket(std::string path, WsHandler handler) {
  websockets_.emplace_back(std::move(path), std::move(handler));
}

const Server::HttpHandler* Server::Listening::find_route(const Request& request,
                                                         bool& path_known) const {
  const Route* best = nullptr;
  path_known = false;
  for (const Route& route : routes_) {
    const bool matches = request.path.starts_with(route.prefix);
    path_known = path_known || matches;
    if (!matches || route.method != request.method) continue;
    if (best == nullptr || route.prefix.size() > best->prefix.size()) best = &route;
  }
  return best != nullptr ? &best->handler : nullptr;
}

const Server::WsHandler* Server::Listening::find_websocket(std::string_view path) const {
  for (const auto& [known, handler] : websockets_) {
    if (known == path) return &handler;
  }
  return nullptr;
}

Server::Server(std::shared_ptr<Listening> listening) : listening_(std::move(listening)) {}

Server::~Server() {
  listening_->stop();
}

Result<std::unique_ptr<Server>> Server::listen(Context& context, Options options) {
  auto listening = Listening::create(context, std::move(options));
  if (!listening) return listening.error();
  return std::unique_ptr<Server>(new Server(*std::move(listening)));
}

uint16_t Server::port() const {
  return listening_->port();
}

void Server::get(std::string path_prefix, HttpHandler handler) {
  listening_->add_route(
      {.method = "GET", .prefix = std::move(path_prefix), .handler = std::move(handler)});
}

void Server::post(std::string path_prefix, HttpHandler handler) {
  listening_->add_route(
      {.method = "POST", .prefix = std::move(path_prefix), .handler = std::move(handler)});
}

void Server::websocket(std::string path, WsHandler handler) {
  listening_->add_websocket(std::move(path), std::move(handler));
}

namespace {

std::shared_ptr<ServerConnection> connection_of(Context& context, uint64_t id) {
  return std::static_pointer_cast<ServerConnection>(context.find(id));
}

}  // namespace

void Responder::respond(int status, std::string content_type, std::string body) const {
  if (const auto connection = connection_of(*context_, id_)) {
    connection->respond(number_, status, std::move(content_type), std::move(body));
  }
}

WsPeer& WsPeer::operator=(WsPeer&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(id_, other.id_);
  return *this;
}

WsPeer::~WsPeer() {
  if (id_ == 0) return;
  if (const auto connection = connection_of(*context_, id_)) connection->drop();
}

void WsPeer::on_message(std::function<void(std::string)> handler) {
  if (const auto connection = connection_of(*context_, id_)) {
    connection->on_message = std::move(handler);
  }
}

void WsPeer::on_close(std::function<void(Error)> handler) {
  if (const auto connection = connection_of(*context_, id_)) {
    connection->on_close = std::move(handler);
  }
}

Result<void> WsPeer::send(std::string message) {
  const auto connection = connection_of(*context_, id_);
  if (!connection) return Error{Errc::kUnavailable, "the session is not open"};
  return connection->session().send(std::move(message));
}

size_t WsPeer::queued_bytes() const {
  const auto connection = connection_of(*context_, id_);
  return connection ? connection->session().queued_bytes() : 0;
}

void WsPeer::close() {
  if (const auto connection = connection_of(*context_, id_))
    connection->session().close_when_sent();
}

}  // namespace farmhand::net
