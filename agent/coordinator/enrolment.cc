// SPDX-License-Identifier: Apache-2.0
#include "coordinator/enrolment.hh"

namespace farmhand::coordinator {
namespace {

Result<TokenRow> join_token(Store& store, const std::string& secret, int64_t now_ns) {
  auto token = store.tokens.find(hash_of(secret), now_ns);
  if (!token) return token.error();
  if (!*token || (*token)->role != Role::kJoin)
    return Error{Errc::kPermission,
                 "the join token is unknown, expired, used up or revoked; make one with "
                 "farmhand-coordinator token create --role join"};
  return std::move(**token);
}

Result<void> check_node(Store& store, const wire::EnrollRequest& request,
                        const std::string& peer_uri, const TokenRow& token) {
  if (request.node_uuid.is_nil()) return Error{Errc::kInvalid, "the enrolment names no node"};
  if (!peer_uri.empty() && peer_uri != "farmhand:node:" + request.node_uuid.text())
    return Error{Errc::kPermission, "the certificate is of " + peer_uri +
                                        ", the enrolment of node " + request.node_uuid.text()};
  auto known = store.nodes.find(request.node_uuid);
  if (!known) return known.error();
  if (*known && (*known)->cloud != token.cloud)
    return Error{Errc::kPermission, "node " + request.node_uuid.text() +
                                        " belongs to another cloud; a join token of cloud '" +
                                        token.cloud + "' cannot enroll it anew"};
  return {};
}

}  // namespace

Result<Enrolled> enroll(Store& store, const wire::EnrollRequest& request,
                        const std::string& peer_uri, int64_t now_ns) {
  auto transaction = store.begin();
  if (!transaction) return transaction.error();
  auto token = join_token(store, request.join_token, now_ns);
  if (!token) return token.error();
  if (auto good = check_node(store, request, peer_uri, *token); !good) return good.error();

  const std::string secret = new_secret();
  NewEnrolment enrolment{request.node_uuid,
                         request.hostname,
                         request.agent_version,
                         token->cloud,
                         token->vendors,
                         hash_of(secret),
                         now_ns};
  if (auto done = store.nodes.enroll(enrolment); !done) return done.error();
  if (auto done = store.tokens.take_use(token->id); !done) return done.error();
  auto row = store.nodes.find(request.node_uuid);
  if (!row) return row.error();
  if (auto done = transaction->commit(); !done) return done.error();
  return Enrolled{(*row)->id, {secret, token->cloud, token->vendors}};
}

}  // namespace farmhand::coordinator
