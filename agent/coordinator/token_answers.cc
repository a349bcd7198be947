// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "coordinator/answers.hh"
#include "coordinator/fleet_json.hh"

namespace farmhand::coordinator {
namespace {

Result<int64_t> number_from(const Question& q, const std::string& name, int64_t otherwise) {
  const auto text = q.request.find_query(name);
  if (!text) return otherwise;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || number < 0)
    return Error{Errc::kInvalid, name + " is not a number: '" + *text + "'"};
  return number;
}

Result<void> check(const TokenRow& t) {
  if (t.role != Role::kJoin) {
    if (!t.partition.empty() && !is_vendor(t.partition))
      return Error{Errc::kInvalid, "'" + t.partition + "' is not a partition: write cloud-vendor"};
    return {};
  }
  if (!is_cloud(t.cloud))
    return Error{Errc::kInvalid, "a join token needs a cloud: small letters and digits, no dash"};
  if (t.vendors.empty() || !std::all_of(t.vendors.begin(), t.vendors.end(), is_vendor))
    return Error{Errc::kInvalid,
                 "a join token needs vendors: small letters, digits and dashes, with commas"};
  return {};
}

Result<TokenRow> token_from(const Question& q) {
  auto role = role_from(q.request.find_query("role").value_or(""));
  if (!role) return role.error();
  auto uses = number_from(q, "uses", -1);
  if (!uses) return uses.error();
  auto expires_s = number_from(q, "expires_s", 0);
  if (!expires_s) return expires_s.error();
  TokenRow token;
  token.role = *role;
  token.partition = q.request.find_query("partition").value_or("");
  token.cloud = q.request.find_query("cloud").value_or("");
  token.vendors = split_words(q.request.find_query("vendors").value_or(""));
  token.note = q.request.find_query("note").value_or("");
  token.uses_left = *role == Role::kJoin ? *uses : -1;
  token.created_ns = q.now_ns;
  token.expires_ns = *expires_s == 0 ? 0 : q.now_ns + *expires_s * 1'000'000'000;
  if (auto good = check(token); !good) return good.error();
  return token;
}

}  // namespace

Answer answer_tokens(const Question& q) {
  auto tokens = q.store.tokens.list();
  if (!tokens) return refusal(tokens.error());
  return {200, json_of_tokens(*tokens), "application/json", nullptr};
}

Answer make_token(const Question& q) {
  auto token = token_from(q);
  if (!token) return refusal(token.error());
  const std::string secret = new_secret();
  auto transaction = q.store.begin();
  if (!transaction) return refusal(transaction.error());
  auto id = q.store.tokens.add(hash_of(secret), *token);
  if (!id) return refusal(id.error());
  if (auto kept = transaction->commit(); !kept) return refusal(kept.error());
  Json json;
  json.object().member("id", *id).member("role", name_of(token->role)).member("token", secret);
  return {200, json.end().take(), "application/json", nullptr};
}

Answer revoke_token(const Question& q) {
  auto id = number_from(q, "id", 0);
  if (!id) return refusal(id.error());
  auto transaction = q.store.begin();
  if (!transaction) return refusal(transaction.error());
  auto found = q.store.tokens.revoke(*id);
  if (!found) return refusal(found.error());
  if (!*found) return refusal(404, "not_found", "there is no token " + std::to_string(*id));
  if (auto kept = transaction->commit(); !kept) return refusal(kept.error());
  return {200, "{\"revoked\":true}", "application/json", nullptr};
}

}  // namespace farmhand::coordinator
