// SPDX-License-Identifier: Apache-2.0
// libwebsockets on our loop: one per process, born right after the Loop and destroyed right before
// it.
//
// While it lives it keeps handles open, so `Loop::run` does not return by itself: call `close` when
// the process stops. Its callbacks find their connection by number in a table here: one that comes
// after the connection's owner is gone finds nothing, whatever order libwebsockets ends things in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.hh"
#include "loop/loop.hh"
#include "loop/timer.hh"
#include "net/tls.hh"

struct lws;
struct lws_context;
struct lws_vhost;

namespace farmhand::net {

inline constexpr const char* kProtocolName =
    "farmhand";  // libwebsockets' word for our one callback

// One end of a connection, as libwebsockets sees it. `reason` is an lws_callback_reasons; a result
// other than 0 closes the connection.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual int on_event(lws* wsi, int reason, void* in, size_t size) = 0;
};

class Context {
 public:
  struct Options {
    // How many connections at most; 0: as many as the process may open files. With a number the
    // tables are small and looked up by walking them: right for an agent, wrong for a coordinator.
    unsigned connections_max = 64;
    size_t buffer_bytes = 4096;  // read at once, per context and per WebSocket
  };

  static Result<std::unique_ptr<Context>> create(Loop& loop, Options options);
  static Result<std::unique_ptr<Context>> create(Loop& loop) { return create(loop, Options()); }

  // Closes, and turns the loop until libwebsockets has let go of it. So it must not run inside a
  // callback, and whoever could be called back must be gone or expect it.
  ~Context();

  // Starts to close every connection and listener; `Loop::run` can then return. Nothing can be
  // opened any more.
  void close();

  // For this folder.
  Loop& loop() { return loop_; }
  lws_context* raw() { return context_; }
  bool closing() const { return closing_; }
  uint64_t add(std::shared_ptr<Endpoint> endpoint);
  void remove(uint64_t id);
  std::shared_ptr<Endpoint> find(uint64_t id) const;
  void kill(lws* wsi);                                                   // soon, not now
  Result<lws_vhost*> client_vhost(const std::optional<ClientTls>& tls);  // absent: plain text
  struct ServerVhost {
    uint64_t endpoint;    // gets each new connection, and the OpenSSL context to fill
    std::string address;  // empty: all
    uint16_t port;
    bool tls;
    bool asks_for_certificates;
  };
  Result<lws_vhost*> server_vhost(const ServerVhost& server);

 private:
  Context(Loop& loop, Options options) : loop_(loop), options_(options), closer_(loop) {}
  void start_destroying();
  const char* keep(std::string text);  // libwebsockets keeps pointers to the names it is given

  struct ClientVhost {
    lws_vhost* vhost;
    ssl_ctx_st* tls;  // freed here, after libwebsockets is gone
  };

  Loop& loop_;
  Options options_;
  lws_context* context_ = nullptr;
  bool closing_ = false;
  bool destroying_ = false;
  int event_fd_ = -1;  // libwebsockets' own, see start_destroying
  Timer closer_;
  uint64_t last_id_ = 0;
  // Shared, so that an endpoint whose owner goes during its callback lives until the callback's
  // end.
  std::unordered_map<uint64_t, std::shared_ptr<Endpoint>> endpoints_;
  std::unordered_map<std::string, ClientVhost> client_vhosts_;  // by the files they were made from
  std::deque<std::string> kept_;
};

}  // namespace farmhand::net
