// SPDX-License-Identifier: Apache-2.0
#include "coordinator/api.hh"

#include "coordinator/answers.hh"
#include "coordinator/enrolment.hh"
#include "wire/enroll.hh"

namespace farmhand::coordinator {
namespace {

constexpr Route kRoutes[] = {
    {"GET", "/v1/fleet/nodes", Role::kViewer, false, answer_nodes},
    {"GET", "/v1/fleet/devices", Role::kViewer, false, answer_devices},
    {"GET", "/v1/fleet/metrics", Role::kViewer, false, answer_metrics},
    {"GET", "/v1/fleet/capacity", Role::kViewer, false, answer_capacity},
    {"GET", "/v1/fleet/health", Role::kViewer, false, answer_health},
    {"GET", "/v1/fleet/health/history", Role::kViewer, false, answer_health_history},
    {"GET", "/v1/commands/", Role::kViewer, false, answer_command},
    {"POST", "/v1/commands", Role::kOperator, false, take_command},
    {"POST", "/v1/fleet/commands", Role::kOperator, false, take_command},
    {"GET", "/v1/verify", Role::kViewer, true, answer_verify},
    {"GET", "/v1/tokens", Role::kAdmin, true, answer_tokens},
    {"POST", "/v1/tokens", Role::kAdmin, true, make_token},
    {"POST", "/v1/tokens/revoke", Role::kAdmin, true, revoke_token},
};

// Runs on the store thread.
Answer answer_for(Store& store, const Route& route, const net::Request& request, LiveNodes live,
                  int64_t now_ns, double target_petaflops) {
  auto token = store.tokens.find(hash_of(request.bearer), now_ns);
  if (!token) return refusal(token.error());
  if (!*token || (*token)->role == Role::kJoin)
    return refusal(401, "unauthorized", "the token is unknown, expired or revoked");
  const Scope scope{(*token)->role, (*token)->partition};
  if (!scope.at_least(route.least))
    return refusal(403, "forbidden",
                   "this needs a token of role " + std::string(name_of(route.least)));
  if (route.whole_farm && !scope.sees_all())
    return refusal(403, "forbidden", "this needs a token for all partitions");
  return route.answer({store, scope, request, std::move(live), now_ns, target_petaflops});
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

Answer refusal(int status, std::string_view code, std::string_view sentence) {
  return {status, json_of_error(code, sentence), "application/json", nullptr};
}

Answer refusal(const Error& error) {
  switch (error.code) {
    case Errc::kInvalid:
    case Errc::kCorrupt:
      return refusal(400, "invalid", error.message);
    case Errc::kPermission:
    case Errc::kRefused:
      return refusal(403, "forbidden", error.message);
    case Errc::kNotFound:
      return refusal(404, "not_found", error.message);
    case Errc::kExists:
      return refusal(409, "exists", error.message);
    default:
      return refusal(503, "unavailable", error.message);
  }
}

void Api::reply(const net::Responder& responder, Answer answer) {
  if (answer.then) answer.then(sessions_);
  responder.respond(answer.status, std::move(answer.content_type), std::move(answer.body));
}

void Api::handle(const Route& route, const net::Request& request, const net::Responder& responder) {
  if (request.bearer.empty())
    return reply(responder, refusal(401, "unauthorized",
                                    "send a token: Authorization: Bearer …, made by "
                                    "farmhand-coordinator token create"));
  ask_([&route, request, live = sessions_.live_nodes(), now = clock_.realtime_ns(),
        target = target_petaflops_](
           Store& store) { return answer_for(store, route, request, live, now, target); },
       [this, responder](Answer answer) { reply(responder, std::move(answer)); });
}

void Api::enroll(const net::Request& request, const net::Responder& responder) {
  auto decoded = wire::decode_enroll_request(request.body);
  if (!decoded) return reply(responder, refusal(decoded.error()));
  ask_([asked = *decoded, peer_uri = request.peer_uri, now = clock_.realtime_ns()](
           Store& store) { return coordinator::enroll(store, asked, peer_uri, now); },
       [this, responder](Result<Enrolled> enrolled) {
         if (!enrolled) return reply(responder, refusal(enrolled.error()));
         sessions_.drop_node(enrolled->node, "the node was enrolled anew");
         reply(responder, {200, wire::encode_enroll_response(enrolled->response),
                           std::string(wire::kProtobufType), nullptr});
       });
}

void Api::serve(net::Server& server) {
  for (const Route& route : kRoutes) {
    const auto handler = [this, &route](const net::Request& request, net::Responder responder) {
      handle(route, request, responder);
    };
    if (route.method == std::string_view("GET"))
      server.get(route.prefix, handler);
    else
      server.post(route.prefix, handler);
  }
  server.post("/v1/enroll", [this](const net::Request& request, net::Responder responder) {
    enroll(request, responder);
  });
  server.get("/healthz", [](const net::Request&, net::Responder responder) {
    responder.respond(200, "text/plain", "ok\n");
  });
  server.websocket("/v1/sync", {[](const net::Request& request) {
                                  return request.bearer.empty() && request.peer_uri.empty() ? 401
                                                                                            : 101;
                                },
                                [this](const net::Request& request, net::WsPeer peer) {
                                  sessions_.open(request, std::move(peer));
                                }});
}

}  // namespace farmhand::coordinator
