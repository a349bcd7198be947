// SPDX-License-Identifier: Apache-2.0
// What people, scripts and joining nodes ask over HTTPS: one table of routes. Each answer is made
// on the store thread, for the Scope of the token that came with the request; there is no way to
// write a route that has none.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/clock.hh"
#include "coordinator/ask.hh"
#include "coordinator/sessions.hh"
#include "net/server.hh"

namespace farmhand::coordinator {

struct Question {
  Store& store;
  Scope scope;
  const net::Request& request;
  LiveNodes live;
  int64_t now_ns = 0;
  double target_petaflops = 0;
};

struct Answer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::function<void(Sessions&)> then;  // on the loop, before the answer leaves
};

struct Route {
  const char* method;
  const char* prefix;
  Role least;       // the role that is needed
  bool whole_farm;  // only for tokens of all partitions
  Answer (*answer)(const Question&);
};

std::span<const Route> routes();

Answer refusal(int status, std::string_view code, std::string_view sentence);
Answer refusal(const Error& error);

// Registers everything with the server.
class Api {
 public:
  Api(const Clock& clock, Ask& ask, Sessions& sessions, double target_petaflops)
      : clock_(clock), ask_(ask), sessions_(sessions), target_petaflops_(target_petaflops) {}
  void serve(net::Server& server);

 private:
  void handle(const Route& route, const net::Request& request, const net::Responder& responder);
  void enroll(const net::Request& request, const net::Responder& responder);
  void reply(const net::Responder& responder, Answer answer);

  const Clock& clock_;
  Ask& ask_;
  Sessions& sessions_;
  double target_petaflops_;
};

}  // namespace farmhand::coordinator
