// SPDX-License-Identifier: Apache-2.0
// fault-proxy: stands between nodes and a coordinator, speaks their protocol over TLS on both
// sides, and does to it what networks and broken peers do. See the README beside it.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <unordered_map>

#include "loop/wakeup.hh"
#include "session.hh"

namespace farmhand::proxy {
namespace {

struct Flags {
  std::string cert, key, ca, coordinator;
  uint64_t seed = 1;
};

// All of a running one, in order of birth.
class Proxy {
 public:
  Proxy(Loop& loop, net::Context& net, const Flags& flags)
      : loop_(loop), net_(net), faults_(flags.seed), ca_(flags.ca), reaper_(loop) {}

  Result<void> listen(const Flags& flags);
  uint16_t port() const { return server_->port(); }
  uint16_t control_port() const { return control_->port(); }

 private:
  void open(const net::Request& request, net::WsPeer node);
  void forget(uint64_t id);
  void serve_control();

  Loop& loop_;
  net::Context& net_;
  SystemClock clock_;
  Faults faults_;
  Memory memory_;
  std::string ca_;
  net::Url coordinator_;
  std::unordered_map<uint64_t, std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> gone_;
  uint64_t last_id_ = 0;
  Timer reaper_;
  std::unique_ptr<net::Server> server_, control_;
};

Result<void> Proxy::listen(const Flags& flags) {
  auto coordinator = net::parse_url(flags.coordinator);
  if (!coordinator) return coordinator.error();
  coordinator_ = *coordinator;
  net::Server::Options options;
  options.tls = net::ServerTls{flags.cert, flags.key, ""};
  auto server = net::Server::listen(net_, std::move(options));
  if (!server) return server.error();
  server_ = std::move(*server);
  server_->websocket(coordinator_.path,
                     {nullptr, [this](const net::Request& request, net::WsPeer node) {
                        open(request, std::move(node));
                      }});
  auto control = net::Server::listen(net_, {});
  if (!control) return control.error();
  control_ = std::move(*control);
  serve_control();
  return {};
}

void Proxy::serve_control() {
  control_->get("/faults", [this](const net::Request&, const net::Responder& answer) {
    answer.respond(200, "application/json", faults_.json());
  });
  control_->post("/faults", [this](const net::Request& request, const net::Responder& answer) {
    auto set = faults_.set(request.query);
    answer.respond(set ? 200 : 400, "text/plain", set ? "" : set.error().message);
  });
  control_->post("/cut", [this](const net::Request&, const net::Responder& answer) {
    for (auto& [id, session] : sessions_) session->cut();
    answer.respond(200, "text/plain", "");
  });
}

void Proxy::open(const net::Request& request, net::WsPeer node) {
  const uint64_t id = ++last_id_;
  auto& session = sessions_[id];
  session = std::make_unique<Session>(Session::Parts{loop_, clock_, faults_, memory_},
                                      std::move(node), [this, id] { forget(id); });
  net::WsClient::Target target;
  target.url = coordinator_;
  target.address = coordinator_.host;
  target.tls.ca_file = ca_;
  target.headers = {{"authorization", "Bearer " + request.bearer}};
  session->connect(net_, std::move(target));
}

// Called by the session itself: it goes from the loop.
void Proxy::forget(uint64_t id) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return;
  gone_.push_back(std::move(at->second));
  sessions_.erase(at);
  reaper_.once(0, [this] { gone_.clear(); });
}

int fail(const Error& error) {
  std::fprintf(stderr, "fault-proxy: %s\n", error.message.c_str());
  return 1;
}

int serve(const Flags& flags) {
  Loop loop;
  auto net = net::Context::create(loop);
  if (!net) return fail(net.error());
  Proxy proxy(loop, **net, flags);
  if (auto listening = proxy.listen(flags); !listening) return fail(listening.error());
  std::printf("port=%u control=%u seed=%llu\n", proxy.port(), proxy.control_port(),
              static_cast<unsigned long long>(flags.seed));
  std::fflush(stdout);
  SignalWatch terminate(loop, SIGTERM, [&] { loop.stop(); });
  SignalWatch interrupt(loop, SIGINT, [&] { loop.stop(); });
  loop.run();
  return 0;
}

int run(int argc, char** argv) {
  Flags flags;
  CLI::App app("Stands between nodes and a coordinator, and does what networks do");
  app.add_option("--cert", flags.cert, "shown to nodes, PEM")->required();
  app.add_option("--key", flags.key, "its private key, PEM")->required();
  app.add_option("--ca", flags.ca, "what the coordinator's certificate is checked by")->required();
  app.add_option("--coordinator", flags.coordinator, "wss://address:port/v1/sync")->required();
  app.add_option("--seed", flags.seed, "of all dice");
  CLI11_PARSE(app, argc, argv);
  return serve(flags);
}

}  // namespace
}  // namespace farmhand::proxy

int main(int argc, char** argv) {
  return farmhand::proxy::run(argc, argv);
}
