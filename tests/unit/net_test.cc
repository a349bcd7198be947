// SPDX-License-Identifier: Apache-2.0
// Real connections over loopback. Each test ends by destroying its Context and its Loop, which
// aborts if a handle was left open.
#include <arpa/inet.h>
#include <doctest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include "base/file.hh"
#include "certificates.hh"
#include "loop/timer.hh"
#include "net/http_client.hh"
#include "net/server.hh"
#include "net/ws_client.hh"

using namespace farmhand;
using namespace farmhand::net;

namespace {

// One process's share: loop and context, in the order of birth.
struct Net {
  Loop loop;
  std::unique_ptr<Context> context;

  Net() {
    auto made = Context::create(loop);
    REQUIRE(made);
    context = *std::move(made);
  }

  // Turns the loop until `done`; false when that takes more than `ms`.
  bool until(const std::function<bool()>& done, uint64_t ms = 20'000) {
    uint64_t waited_ms = 0;
    Timer tick(loop);  // also for what another thread does
    tick.every(10, [&] { waited_ms += 10; });
    while (!done() && waited_ms < ms) loop.run_once();
    return done();
  }
};

const Certificates& pki() {
  static const auto* made = [] {
    static Certificates certificates;
    certificates.make_ca("ca");
    certificates.make_ca("foreign-ca");
    certificates.issue("server", "ca", "DNS:localhost,IP:127.0.0.1");
    certificates.issue("elsewhere", "ca", "DNS:elsewhere.example");
    certificates.issue("expired", "ca", "DNS:localhost", -1);
    certificates.issue("foreign", "foreign-ca", "DNS:localhost");
    certificates.issue("self", "self", "DNS:localhost");
    certificates.issue("node-1", "ca", "URI:farmhand:node:1111");
    certificates.issue("node-2", "ca", "URI:farmhand:node:2222");
    certificates.issue("foreign-node", "foreign-ca", "URI:farmhand:node:1111");
    return &certificates;
  }();
  return *made;
}

ServerTls server_tls(const std::string& name, bool client_ca = false) {
  return {.cert_file = pki().cert(name),
          .key_file = pki().key(name),
          .client_ca_file = client_ca ? pki().cert("ca") : ""};
}

Server::Options tls_options(const std::string& name = "server", bool client_ca = false) {
  Server::Options options;
  options.handshake_ms = 20'000;
  options.tls = server_tls(name, client_ca);
  return options;
}

WsClient::Target target_for(uint16_t port, const std::string& client = "") {
  WsClient::Target target;
  target.url = {.tls = true, .host = "localhost", .port = port, .path = "/v1/sync"};
  target.handshake_ms = 20'000;  // under valgrind
  target.address = "127.0.0.1";
  target.tls.ca_file = pki().cert("ca");
  if (!client.empty()) target.tls.cert_file = pki().cert(client);
  if (!client.empty()) target.tls.key_file = pki().key(client);
  return target;
}

// A server whose sessions say back what they are told.
struct Echo {
  std::unique_ptr<Server> server;
  std::vector<WsPeer> peers;
  std::vector<Request> requests;
  std::vector<Error> ends;

  Echo(Context& context, Server::Options options) {
    auto made = Server::listen(context, std::move(options));
    REQUIRE(made);
    server = *std::move(made);
    server->websocket("/v1/sync", {.admit = nullptr, .on_open = [this](const Request& r, WsPeer p) {
                                     open(r, std::move(p));
                                   }});
  }

  void open(const Request& request, WsPeer peer) {
    const size_t index = peers.size();
    requests.push_back(request);
    peers.push_back(std::move(peer));
    peers[index].on_message(
        [this, index](std::string text) { CHECK(peers[index].send(std::move(text))); });
    peers[index].on_close([this](Error error) { ends.push_back(std::move(error)); });
  }
};

// A client that notes what happens to it.
struct Caller {
  std::unique_ptr<WsClient> client;
  bool open = false;
  std::vector<std::string> messages;
  std::optional<Error> end;

  Caller(Context& context, WsClient::Target target) {
    auto made = WsClient::connect(context, std::move(target),
                                  {.on_open = [this] { open = true; },
                                   .on_message = [this](std::string m) { messages.push_back(m); },
                                   .on_close = [this](Error e) { end = std::move(e); }});
    REQUIRE(made);
    client = *std::move(made);
  }
};

Error refusal(Server::Options options, const std::function<void(WsClient::Target&)>& change = {},
              const std::string& client = "") {
  Net net;
  Echo echo(*net.context, std::move(options));
  WsClient::Target target = target_for(echo.server->port(), client);
  if (change) change(target);
  Caller caller(*net.context, target);
  REQUIRE(net.until([&] { return caller.end.has_value(); }));
  MESSAGE(caller.end->message);
  CHECK(echo.peers.empty());
  return *caller.end;
}

bool says(const Error& error, std::string_view words) {
  return error.message.find(words) != std::string::npos;
}

// A plain TCP socket: listening on a free port, or connected to one.
struct Socket {
  Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};

  Socket() {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  uint16_t listen() {
    socklen_t size = sizeof address;
    CHECK(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::listen(fd.get(), 4) == 0);
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  void upgrade(const std::string& path) {
    const std::string hello =
        "GET " + path +
        " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    const auto size = static_cast<ssize_t>(hello.size());
    CHECK(::write(fd.get(), hello.data(), hello.size()) == size);
  }
  void connect(uint16_t port) {
    address.sin_port = htons(port);
    CHECK(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
};

// A server in a process of its own, to be frozen and killed.
struct OtherProcess {
  pid_t pid = 0;
  uint16_t port = 0;

  OtherProcess() {
    pki();
    int fds[2];
    REQUIRE(::pipe(fds) == 0);
    pid = ::fork();
    if (pid == 0) serve(fds[1]);
    CHECK(::read(fds[0], &port, sizeof port) == sizeof port);
    ::close(fds[0]);
    ::close(fds[1]);
  }
  ~OtherProcess() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  [[noreturn]] static void serve(int fd) {
    Net net;
    Echo echo(*net.context, tls_options());
    const uint16_t port = echo.server->port();
    if (::write(fd, &port, sizeof port) != sizeof port) ::_exit(1);
    net.loop.run();
    ::_exit(0);
  }
};

HttpRequest request_for(uint16_t port, std::string path) {
  HttpRequest request;
  request.url = {.tls = true, .host = "localhost", .port = port, .path = std::move(path)};
  request.address = "127.0.0.1";
  request.tls.ca_file = pki().cert("ca");
  return request;
}

Result<HttpResponse> ask(Net& net, HttpRequest request) {
  std::optional<Result<HttpResponse>> answer;
  auto client = HttpClient::send(*net.context, std::move(request),
                                 [&](Result<HttpResponse> r) { answer = std::move(r); });
  if (!client) return client.error();
  if (!net.until([&] { return answer.has_value(); })) return Error{Errc::kTimeout, "no end"};
  return *std::move(answer);
}

}  // namespace

TEST_CASE("a context alone opens and closes, and lets run() return once told to close") {
  Net net;
  net.context->close();
  net.loop.run();
}

TEST_CASE("a session over TLS says back what it is told, up to 2 MiB") {
  Net net;
  Echo echo(*net.context, tls_options());
  Caller caller(*net.context, target_for(echo.server->port()));
  REQUIRE(net.until([&] { return caller.open; }));
  std::string big(1'500'000, 'x');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 7);
  const std::string most(size_t{2} << 20, 'm');
  for (const std::string& text : {std::string(), std::string("hello"), big, most}) {
    caller.messages.clear();
    CHECK(caller.client->send(text));
    REQUIRE(net.until([&] { return !caller.messages.empty() || caller.end; }));
    REQUIRE(!caller.messages.empty());
    CHECK((caller.messages[0] == text));
  }
  CHECK(caller.client->queued_bytes() == 0);
  CHECK(caller.client->send(most + "!").error().code == Errc::kInvalid);
  caller.client->close();
  REQUIRE(net.until([&] { return caller.end && !echo.ends.empty(); }));
  CHECK(caller.end->code == Errc::kCancelled);
  CHECK(echo.ends[0].code == Errc::kCancelled);
}

TEST_CASE("messages keep their order and the queue is bounded") {
  Net net;
  Echo echo(*net.context, tls_options());
  Caller caller(*net.context, target_for(echo.server->port()));
  REQUIRE(net.until([&] { return caller.open; }));
  for (int i = 0; i < 500; ++i) CHECK(caller.client->send(std::to_string(i)));
  REQUIRE(net.until([&] { return caller.messages.size() == 500; }));
  for (int i = 0; i < 500; ++i) CHECK(caller.messages[static_cast<size_t>(i)] == std::to_string(i));
  const std::string megabyte(1 << 20, 'b');
  int taken = 0;
  while (taken < 100 && caller.client->send(megabyte)) ++taken;
  CHECK(taken == 8);
  CHECK(caller.client->send("x").error().code == Errc::kBackpressure);
}

TEST_CASE("a message larger than 2 MiB ends the session") {
  Net net;
  Echo echo(*net.context, tls_options());
  auto target = target_for(echo.server->port());
  target.limits.message_bytes_max = size_t{4} << 20;
  Caller caller(*net.context, target);
  REQUIRE(net.until([&] { return caller.open; }));
  CHECK(caller.client->send(std::string((size_t{2} << 20) + 1, 'x')));
  REQUIRE(net.until([&] { return caller.end && !echo.ends.empty(); }));
  CHECK(echo.ends[0].code == Errc::kInvalid);
  CHECK(caller.messages.empty());
}

TEST_CASE("a server that cannot prove itself is refused, and the sentence says why") {
  const Error self = refusal(tls_options("self"));
  CHECK(self.code == Errc::kPermission);
  CHECK(says(self, "self-signed"));
  const Error foreign = refusal(tls_options("foreign"));
  CHECK(foreign.code == Errc::kPermission);
  CHECK(says(foreign, "unknown CA"));
  const Error elsewhere = refusal(tls_options("elsewhere"));
  CHECK(elsewhere.code == Errc::kPermission);
  CHECK(says(elsewhere, "another host name"));
  const Error expired = refusal(tls_options("expired"));
  CHECK(expired.code == Errc::kPermission);
  CHECK(says(expired, "expired"));
}

TEST_CASE("an address in the certificate will do for a name") {
  Net net;
  Echo echo(*net.context, tls_options());
  auto target = target_for(echo.server->port());
  target.url.host = "127.0.0.1";
  Caller caller(*net.context, target);
  CHECK(net.until([&] { return caller.open; }));
}

TEST_CASE("without a CA file nobody is trusted, and files that cannot be used are named") {
  Net net;
  auto target = target_for(1);
  target.tls.ca_file = "";
  CHECK(WsClient::connect(*net.context, target, {}).error().code == Errc::kInvalid);
  target.tls.ca_file = "/nowhere/ca.pem";
  const Error missing = WsClient::connect(*net.context, target, {}).error();
  CHECK(missing.code == Errc::kNotFound);
  CHECK(says(missing, "/nowhere/ca.pem"));
  target = target_for(1, "node-1");
  target.tls.key_file = pki().key("node-2");
  CHECK(WsClient::connect(*net.context, target, {}).error().code == Errc::kInvalid);
  Server::Options options = tls_options();
  options.tls->key_file = pki().key("foreign");
  CHECK(Server::listen(*net.context, options).error().code == Errc::kInvalid);
}

TEST_CASE("a client certificate yields its own name, and only when verified") {
  const auto uri_of = [](const std::string& client) {
    Net net;
    Echo echo(*net.context, tls_options("server", true));
    Caller caller(*net.context, target_for(echo.server->port(), client));
    REQUIRE(net.until([&] { return caller.open || caller.end; }));
    REQUIRE(net.until([&] { return !echo.requests.empty(); }));
    return echo.requests[0].peer_uri;
  };
  CHECK(uri_of("node-1") == "farmhand:node:1111");
  CHECK(uri_of("node-2") == "farmhand:node:2222");
  CHECK(uri_of("") == "");
}

TEST_CASE("a client certificate of a foreign CA is refused") {
  const Error error = refusal(tls_options("server", true), {}, "foreign-node");
  CHECK(says(error, "client certificate"));
}

TEST_CASE("a server that asks for no certificates takes nobody's word for one") {
  Net net;
  Echo echo(*net.context, tls_options());
  Caller caller(*net.context, target_for(echo.server->port(), "foreign-node"));
  REQUIRE(net.until([&] { return caller.open; }));
  REQUIRE(net.until([&] { return !echo.requests.empty(); }));
  CHECK(echo.requests[0].peer_uri == "");
}

TEST_CASE("the credential arrives, and a refusal has its status") {
  Net net;
  Echo echo(*net.context, tls_options());
  std::string seen;
  echo.server->websocket("/guarded", {.admit =
                                          [&](const Request& request) {
                                            seen = request.bearer;
                                            return 401;
                                          },
                                      .on_open = [](const Request&, WsPeer) { CHECK(false); }});
  auto target = target_for(echo.server->port());
  target.url.path = "/guarded";
  target.headers = {{"authorization", "Bearer secret-1"}};
  Caller refused(*net.context, target);
  REQUIRE(net.until([&] { return refused.end.has_value(); }));
  CHECK(refused.end->code == Errc::kPermission);
  CHECK(says(*refused.end, "401"));
  CHECK(seen == "secret-1");
  target.url.path = "/nothing";
  Caller lost(*net.context, target);
  REQUIRE(net.until([&] { return lost.end.has_value(); }));
  CHECK(lost.end->code == Errc::kRefused);
  CHECK(says(*lost.end, "404"));
}

TEST_CASE("a server that accepts and says nothing is given up in time") {
  Net net;
  Socket silent;
  auto target = target_for(silent.listen());
  target.handshake_ms = 200;
  Caller over_tls(*net.context, target);
  target.url.tls = false;
  Caller plain(*net.context, target);
  REQUIRE(net.until([&] { return over_tls.end && plain.end; }));
  CHECK(over_tls.end->code == Errc::kTimeout);
  CHECK(plain.end->code == Errc::kTimeout);
}

TEST_CASE("a server that stops after the TLS handshake is given up in time") {
  Net net;
  Socket listener;
  auto target = target_for(listener.listen());
  target.handshake_ms = 1500;
  std::atomic<bool> closed = false;
  std::thread server([&] {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    CHECK(load_server_tls(context, server_tls("server")));
    const Fd fd(::accept(listener.fd.get(), nullptr, nullptr));
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, fd.get());
    CHECK(SSL_accept(ssl) == 1);
    char bytes[512];
    while (SSL_read(ssl, bytes, sizeof bytes) > 0) continue;
    SSL_free(ssl);
    SSL_CTX_free(context);
    closed = true;
  });
  std::optional<Caller> caller(std::in_place, *net.context, target);
  CHECK(net.until([&] { return caller->end.has_value(); }));
  CHECK(caller->end->code == Errc::kTimeout);
  CHECK(net.until([&] { return closed.load(); }));
  server.join();
}

TEST_CASE("a client that connects and says nothing is dropped in time, before and after TLS") {
  Net net;
  Server::Options options = tls_options();
  options.handshake_ms = 1000;
  Echo echo(*net.context, options);
  std::atomic<bool> tcp_dropped = false;
  std::atomic<bool> tls_dropped = false;
  std::thread client([&, port = echo.server->port()] {
    Socket silent;
    silent.connect(port);
    char byte;
    tcp_dropped = ::read(silent.fd.get(), &byte, 1) <= 0;
    Socket socket;
    socket.connect(port);
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, socket.fd.get());
    CHECK(SSL_connect(ssl) == 1);
    tls_dropped = SSL_read(ssl, &byte, 1) <= 0;
    SSL_free(ssl);
    SSL_CTX_free(context);
  });
  CHECK(net.until([&] { return tcp_dropped && tls_dropped; }));
  client.join();
}

TEST_CASE("a frozen server is found by pings, and a killed one at once") {
  const OtherProcess other;
  Net net;
  auto target = target_for(other.port);
  target.limits.ping_ms = 100;
  target.limits.pong_ms = 200;
  Caller caller(*net.context, target);
  REQUIRE(net.until([&] { return caller.open; }));
  net.until([&] { return caller.end.has_value(); }, 700);
  CHECK(!caller.end);  // pings are answered while it lives
  ::kill(other.pid, SIGSTOP);
  CHECK(caller.client->send("are you there?"));
  REQUIRE(net.until([&] { return caller.end.has_value(); }));
  CHECK(caller.end->code == Errc::kTimeout);
  CHECK(says(*caller.end, "frozen"));
  ::kill(other.pid, SIGCONT);
  Caller again(*net.context, target);
  REQUIRE(net.until([&] { return again.open; }));
  ::kill(other.pid, SIGKILL);
  REQUIRE(net.until([&] { return again.end.has_value(); }));
  CHECK(again.end->code == Errc::kUnavailable);
}

TEST_CASE("a frozen client is found by pings") {
  Net net;
  Server::Options options;
  options.limits.ping_ms = 100;
  options.limits.pong_ms = 200;
  Echo echo(*net.context, options);
  Socket frozen;  // it never answers anything
  frozen.connect(echo.server->port());
  frozen.upgrade("/v1/sync");
  REQUIRE(net.until([&] { return !echo.ends.empty(); }));
  CHECK(echo.ends[0].code == Errc::kTimeout);
}

TEST_CASE("nobody at the port is said at once") {
  Net net;
  uint16_t port = 0;
  {
    Socket gone;
    port = gone.listen();
  }
  Caller caller(*net.context, target_for(port));
  CHECK(!caller.end);
  REQUIRE(net.until([&] { return caller.end.has_value(); }));
  CHECK(caller.end->code == Errc::kUnavailable);
  CHECK(says(*caller.end, "refused"));
}

TEST_CASE("a port in use is a clear sentence") {
  Net net;
  Server::Options options;
  auto first = Server::listen(*net.context, options);
  REQUIRE(first);
  options.port = (*first)->port();
  CHECK(options.port != 0);
  const Error taken = Server::listen(*net.context, options).error();
  CHECK(taken.code == Errc::kExists);
  CHECK(says(taken, std::to_string(options.port)));
  Socket other;
  options.port = other.listen();
  CHECK(Server::listen(*net.context, options).error().code == Errc::kExists);
  options.address = "somewhere";
  CHECK(Server::listen(*net.context, options).error().code == Errc::kInvalid);
  options.address = "192.0.2.1";
  CHECK(Server::listen(*net.context, options).error().code == Errc::kInvalid);
}

TEST_CASE("requests are answered, now or later") {
  Net net;
  Echo echo(*net.context, tls_options());
  Server& server = *echo.server;
  Timer later(net.loop);
  server.get("/fleet/", [&](const Request& request, Responder responder) {
    const std::string text =
        request.path + " " + request.find_query("of").value_or("-") + " " + request.bearer;
    later.once(20, [=] { responder.respond(200, "text/plain", text); });
  });
  server.post("/enroll", [](const Request& request, Responder responder) {
    responder.respond(201, request.content_type, request.body + "!");
  });
  server.get("/big", [](const Request&, Responder responder) {
    responder.respond(200, "text/plain", std::string(3'000'000, 'b'));
  });
  auto request = request_for(server.port(), "/fleet/nodes?of=a%20b&x=1");
  request.headers = {{"authorization", "Bearer t"}};
  const auto fleet = ask(net, request);
  REQUIRE(fleet);
  CHECK(fleet->status == 200);
  CHECK(fleet->body == "/fleet/nodes a b t");

  request = request_for(server.port(), "/enroll");
  request.method = "POST";
  request.content_type = "application/x-protobuf";
  request.body = std::string("\0\1binary", 8);
  const auto enroll = ask(net, request);
  REQUIRE(enroll);
  CHECK(enroll->status == 201);
  CHECK(enroll->content_type == "application/x-protobuf");
  CHECK(enroll->body == std::string("\0\1binary!", 9));
  request.body = "";
  CHECK(ask(net, request)->body == "!");

  const auto big = ask(net, request_for(server.port(), "/big"));
  REQUIRE(big);
  CHECK(big->body.size() == 3'000'000);
  CHECK(ask(net, request_for(server.port(), "/none"))->status == 404);
  CHECK(ask(net, request_for(server.port(), "/enroll"))->status == 405);
}

TEST_CASE("a big POST is refused with 413") {
  Net net;
  Echo echo(*net.context, tls_options());
  echo.server->post("/enroll", [](const Request&, Responder) { CHECK(false); });
  auto request = request_for(echo.server->port(), "/enroll");
  request.method = "POST";
  request.body = std::string(500'000, 'x');
  const auto answer = ask(net, request);
  REQUIRE(answer);
  CHECK(answer->status == 413);
}

TEST_CASE("an answer that is too large, too late, or for somebody gone ends in order") {
  Net net;
  Echo echo(*net.context, tls_options());
  std::optional<Responder> kept;
  echo.server->get("/never", [&](const Request&, Responder responder) { kept = responder; });
  echo.server->get("/big", [](const Request&, Responder responder) {
    responder.respond(200, "text/plain", std::string(100'000, 'b'));
  });
  auto request = request_for(echo.server->port(), "/never");
  request.timeout_ms = 1500;
  CHECK(ask(net, request).error().code == Errc::kTimeout);
  REQUIRE(kept);
  net.until([] { return false; }, 50);
  kept->respond(200, "text/plain", "too late");
  request = request_for(echo.server->port(), "/big");
  request.body_bytes_max = 1000;
  CHECK(ask(net, request).error().code == Errc::kInvalid);
  request.tls.ca_file = pki().cert("foreign-ca");
  CHECK(ask(net, request).error().code == Errc::kPermission);
}

TEST_CASE("plain text serves a scraper") {
  Net net;
  auto server = Server::listen(*net.context, {});
  REQUIRE(server);
  (*server)->get("/metrics", [](const Request&, Responder responder) {
    responder.respond(200, "application/openmetrics-text", "# EOF\n");
  });
  for (int i = 0; i < 3; ++i) {
    auto request = request_for((*server)->port(), "/metrics");
    request.url.tls = false;
    const auto answer = ask(net, request);
    REQUIRE(answer);
    CHECK(answer->body == "# EOF\n");
  }
}

TEST_CASE("a slow reader fills its own queue and holds up nobody") {
  Net net;
  Server::Options plain;
  Echo echo(*net.context, plain);
  std::optional<WsPeer> slow;
  echo.server->websocket("/slow", {.admit = nullptr, .on_open = [&](const Request&, WsPeer p) {
                                     slow = std::move(p);
                                   }});
  Socket reader;
  const int small = 4096;
  ::setsockopt(reader.fd.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  reader.connect(echo.server->port());
  reader.upgrade("/slow");
  REQUIRE(net.until([&] { return slow.has_value(); }));
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    taken += slow->send(std::string(1 << 20, 's')).ok() ? 1 : 0;
    net.until([] { return false; }, 2);
  }
  CHECK(taken >= 8);
  CHECK(taken < 100);
  auto target = target_for(echo.server->port());
  target.url.tls = false;
  Caller fast(*net.context, target);
  REQUIRE(net.until([&] { return fast.open; }));
  CHECK(fast.client->send("quick"));
  REQUIRE(net.until([&] { return !fast.messages.empty(); }));
  CHECK(slow->queued_bytes() > 0);
}

TEST_CASE("either end may be destroyed inside its own callback") {
  Net net;
  Echo echo(*net.context, tls_options());
  std::unique_ptr<WsClient> client;
  bool gone = false;
  auto made = WsClient::connect(*net.context, target_for(echo.server->port()),
                                {.on_open = [&] { CHECK(client->send("x")); },
                                 .on_message =
                                     [&](const std::string&) {
                                       client.reset();
                                       gone = true;
                                     },
                                 .on_close = [](const Error&) { CHECK(false); }});
  REQUIRE(made);
  client = *std::move(made);
  REQUIRE(net.until([&] { return gone && !echo.ends.empty(); }));
  CHECK(echo.ends[0].code == Errc::kUnavailable);

  Caller caller(*net.context, target_for(echo.server->port()));
  REQUIRE(net.until([&] { return caller.open && echo.peers.size() == 2; }));
  echo.peers[1].on_message([&](const std::string&) { echo.peers.pop_back(); });
  CHECK(caller.client->send("x"));
  REQUIRE(net.until([&] { return caller.end.has_value(); }));
  CHECK(caller.end->code == Errc::kUnavailable);
}

TEST_CASE("closing the context ends everything in order, with sessions open") {
  Net net;
  Echo echo(*net.context, tls_options());
  Caller caller(*net.context, target_for(echo.server->port()));
  REQUIRE(net.until([&] { return caller.open; }));
  net.context->close();
  net.loop.run();  // returns by itself
  CHECK(caller.end);
  CHECK(!caller.client->open());
  CHECK(caller.client->send("x").error().code == Errc::kUnavailable);
}

TEST_CASE("a server that goes drops its sessions") {
  Net net;
  auto echo = std::make_unique<Echo>(*net.context, tls_options());
  Caller caller(*net.context, target_for(echo->server->port()));
  REQUIRE(net.until([&] { return caller.open; }));
  echo.reset();
  REQUIRE(net.until([&] { return caller.end.has_value(); }));
  CHECK(caller.end->code == Errc::kUnavailable);
}

TEST_CASE("addresses are read as people write them") {
  const auto url = parse_url("wss://farm.example:7443/v1/sync");
  REQUIRE(url);
  CHECK(url->host == "farm.example");
  CHECK(url->port == 7443);
  CHECK(url->path == "/v1/sync");
  CHECK(url->tls);
  CHECK(parse_url("https://a")->port == 443);
  CHECK(parse_url("http://a?x=1")->path == "/?x=1");
  CHECK(parse_url("wss://[::1]:7443/x")->host == "::1");
  CHECK(parse_url("wss://[::1]:7443/x")->authority() == "[::1]:7443");
  for (const char* bad :
       {"", "farm.example", "ftp://x", "wss://", "wss://a:0", "wss://a:99999", "wss://a:x/",
        "wss://a b/ c", "wss://a\nb/", "wss://[a]/", "wss://[::1", "wss://u@a/"}) {
    CHECK(parse_url(bad).error().code == Errc::kInvalid);
  }
  CHECK(percent_encode("a b/ä") == "a%20b%2F%C3%A4");
}
