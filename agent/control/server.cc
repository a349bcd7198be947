// SPDX-License-Identifier: Apache-2.0
#include "control/server.hh"

#include <unistd.h>

#include "base/json.hh"
#include "base/log.hh"
#include "plugin/identity.hh"

namespace farmhand {

Result<std::unique_ptr<ControlServer>> ControlServer::listen(Loop& loop, const std::string& path,
                                                             const Verbs& verbs, Limits limits) {
  std::unique_ptr<ControlServer> server(new ControlServer(loop, verbs, limits));
  auto listener = Listener::listen(
      loop, path, 0666, [s = server.get()](Stream stream) { s->on_connection(std::move(stream)); });
  if (!listener) return listener.error().in("control socket");
  server->listener_.emplace(std::move(*listener));
  return server;
}

void ControlServer::on_connection(Stream stream) {
  const auto peer = stream.peer();
  const bool owner = peer && (peer->uid == 0 || peer->uid == ::geteuid());
  const size_t places =
      owner ? limits_.clients_max : limits_.clients_max - limits_.clients_kept_for_owner;
  if (clients_.size() >= places) {
    // Small enough for the kernel to take at once; then the stream goes.
    stream.write(json_of_error(
        {Errc::kBackpressure, "too many clients on the control socket; try again in a moment"}));
    return;
  }
  const uint64_t id = ++last_id_;
  auto [at, added] = clients_.try_emplace(id, Client{.stream = std::move(stream),
                                                     .deadline = Timer(loop_),
                                                     .owner = owner,
                                                     .who = peer ? name_of_user(peer->uid) : ""});
  at->second.stream.read([this, id](std::string_view bytes) { on_bytes(id, bytes); },
                         [this, id](const Error&) { on_end(id); });
  expect(id, limits_.request_ms);
}

// The client is dropped unless its next step comes within this time.
void ControlServer::expect(uint64_t id, uint64_t within_ms) {
  clients_.at(id).deadline.once(within_ms, [this, id] { clients_.erase(id); });
}

void ControlServer::on_bytes(uint64_t id, std::string_view bytes) {
  Client& client = clients_.at(id);
  if (client.answering) return;  // one request per connection; what follows is not looked at
  client.received.append(bytes.substr(0, kRequestBytesMax + 1 - client.received.size()));
  const size_t newline = client.received.find('\n');
  if (newline != std::string::npos) {
    answer(id, std::string_view(client.received).substr(0, newline));
  } else if (client.received.size() > kRequestBytesMax) {
    client.answering = true;
    reply(id, Error{Errc::kInvalid,
                    "the request is longer than " + std::to_string(kRequestBytesMax) + " bytes"});
  }
}

// A client that only closed its sending half (`echo status | socat …`) still gets its answer.
void ControlServer::on_end(uint64_t id) {
  Client& client = clients_.at(id);
  if (client.answering) return;
  if (client.received.empty()) {
    clients_.erase(id);
  } else {
    answer(id, client.received);
  }
}

void ControlServer::answer(uint64_t id, std::string_view line) {
  Client& client = clients_.at(id);
  client.answering = true;
  auto request = parse_request(line);
  if (!request) return reply(id, request.error());
  request->who = client.who;
  expect(id, limits_.answer_ms);
  verbs_.run(*request, client.owner,
             [self = std::weak_ptr(self_), id](const Result<std::string>& document) {
               if (const auto server = self.lock()) (*server)->reply(id, document);
             });
}

void ControlServer::reply(uint64_t id, const Result<std::string>& document) {
  const auto at = clients_.find(id);
  if (at == clients_.end()) return;  // it did not wait for the answer
  expect(id, limits_.take_ms);
  at->second.stream.write((document ? *document : json_of_error(document.error())) + "\n",
                          [self = std::weak_ptr(self_), id](const Result<void>&) {
                            if (const auto server = self.lock()) (*server)->clients_.erase(id);
                          });
}

std::string json_of_error(const Error& error) {
  Json json;
  json.object().key("error").object();
  json.member("code", name_of(error.code)).member("message", error.message);
  json.end().end();
  return json.take();
}

}  // namespace farmhand
