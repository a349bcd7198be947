// SPDX-License-Identifier: Apache-2.0
#include "net/ws_client.hh"

#include <libwebsockets.h>

#include <utility>

#include "net/client_call.hh"

namespace farmhand::net {

class WsClient::Connection final : public ClientCall {
 public:
  Connection(Context& context, Target target, Events events)
      : ClientCall(context, {.url = std::move(target.url),
                             .address = std::move(target.address),
                             .tls = std::move(target.tls),
                             .headers = std::move(target.headers),
                             .method = nullptr,
                             .deadline_ms = target.handshake_ms}),
        session_(target.limits),
        events_(std::move(events)) {}

  WsSession& session() { return session_; }

 private:
  int on_call_event(lws* wsi, int reason, void* in, size_t size) override;
  int on_fragment(std::string_view fragment);
  void on_end(Error error) override {
    session_.closed({});
    if (events_.on_close) events_.on_close(std::move(error));
  }

  WsSession session_;
  Events events_;
};

int WsClient::Connection::on_fragment(std::string_view fragment) {
  auto message = session_.take(fragment);
  if (message && events_.on_message) events_.on_message(*std::move(message));
  return 0;
}

int WsClient::Connection::on_call_event(lws* wsi, int reason, void* in, size_t size) {
  const std::string_view bytes(static_cast<const char*>(in), in != nullptr ? size : 0);
  switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
      met_deadline();
      session_.opened(wsi);
      if (events_.on_open) events_.on_open();
      return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
      return on_fragment(bytes);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
      session_.heard();
      return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
      return session_.on_writable();
    case LWS_CALLBACK_TIMER:
      return session_.on_timer();
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
      return session_.on_peer_close(bytes);
    case LWS_CALLBACK_CLIENT_CLOSED:
      end(session_.closed(tls_problem()));
      return 0;
    default:
      return 0;
  }
}

WsClient::WsClient(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

WsClient::~WsClient() {
  connection_->drop();
}

Result<std::unique_ptr<WsClient>> WsClient::connect(Context& context, Target target,
                                                    Events events) {
  const Url url = target.url;
  auto connection = std::make_shared<Connection>(context, std::move(target), std::move(events));
  if (auto started = connection->start(); !started) return started.error().in(url.authority());
  return std::unique_ptr<WsClient>(new WsClient(std::move(connection)));
}

Result<void> WsClient::send(std::string message) {
  return connection_->session().send(std::move(message));
}

size_t WsClient::queued_bytes() const {
  return connection_->session().queued_bytes();
}

bool WsClient::open() const {
  return connection_->session().open();
}

void WsClient::close() {
  connection_->session().close_when_sent();
}

}  // namespace farmhand::net
