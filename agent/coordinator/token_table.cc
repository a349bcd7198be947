// SPDX-License-Identifier: Apache-2.0
#include "coordinator/token_table.hh"

#include "base/bytes.hh"
#include "base/digest.hh"

namespace farmhand::coordinator {
namespace {

TokenRow token_row_from(const sqlite::Query& q) {
  TokenRow row;
  row.id = q.integer(0);
  row.role = role_from(q.text(1)).ok() ? *role_from(q.text(1)) : Role::kJoin;
  row.partition = q.text(2);
  row.cloud = q.text(3);
  row.vendors = split_words(q.text(4));
  row.note = q.text(5);
  row.uses_left = q.integer(6);
  row.created_ns = q.integer(7);
  row.expires_ns = q.integer(8);
  row.revoked = q.integer(9) != 0;
  return row;
}

}  // namespace

std::string new_secret() {
  std::array<uint8_t, 32> bytes;
  fill_random(bytes);
  return hex_from_bytes(raw(bytes));
}

// A plain hash is enough: the secret has 256 random bits, there is nothing to guess.
std::string hash_of(std::string_view secret) {
  const Sha256 digest = sha256(secret);
  return std::string(raw(digest));
}

Result<void> TokenTable::prepare(sqlite::Database& db) {
  const std::string select =
      "SELECT id, role, partition, cloud, vendors, note, uses_left, created_ns, expires_ns, "
      "revoked FROM token ";
  return prepare_all(
      db,
      {{&add_,
        "INSERT INTO token(hash, role, partition, cloud, vendors, note, uses_left, created_ns, "
        "expires_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"},
       {&find_, select + "WHERE hash = ? AND revoked = 0 AND uses_left != 0 AND "
                         "(expires_ns = 0 OR expires_ns > ?)"},
       {&take_use_, "UPDATE token SET uses_left = uses_left - 1 WHERE id = ? AND uses_left > 0"},
       {&list_, select + "ORDER BY id"},
       {&revoke_, "UPDATE token SET revoked = 1 WHERE id = ? RETURNING 1"}});
}

Result<int64_t> TokenTable::add(std::string_view hash, const TokenRow& t) {
  const std::string vendors = join_words(t.vendors);
  sqlite::Query query(add_);
  query.bind_blob(hash).bind(name_of(t.role)).bind(t.partition).bind(t.cloud).bind(vendors);
  query.bind(t.note).bind(t.uses_left).bind(t.created_ns).bind(t.expires_ns);
  auto id = row_of(query, [](const sqlite::Query& q) { return q.integer(0); });
  if (!id) return id.error();
  return **id;
}

Result<std::optional<TokenRow>> TokenTable::find(std::string_view hash, int64_t now_ns) {
  sqlite::Query query(find_);
  query.bind_blob(hash).bind(now_ns);
  return row_of(query, token_row_from);
}

Result<void> TokenTable::take_use(int64_t id) {
  return sqlite::Query(take_use_).bind(id).run();
}

Result<std::vector<TokenRow>> TokenTable::list() {
  sqlite::Query query(list_);
  return rows_of(query, token_row_from);
}

Result<bool> TokenTable::revoke(int64_t id) {
  sqlite::Query query(revoke_);
  return query.bind(id).step();
}

}  // namespace farmhand::coordinator
