// SPDX-License-Identifier: Apache-2.0
// Tokens of people, scripts and joining nodes. Only their hashes are kept.
#pragma once

#include "coordinator/prepare.hh"
#include "coordinator/rows.hh"

namespace farmhand::coordinator {

class TokenTable {
 public:
  Result<void> prepare(sqlite::Database& db);

  Result<int64_t> add(std::string_view hash, const TokenRow& token);
  // Revoked, expired and used-up tokens are found as nothing.
  Result<std::optional<TokenRow>> find(std::string_view hash, int64_t now_ns);
  Result<void> take_use(int64_t id);
  Result<std::vector<TokenRow>> list();
  Result<bool> revoke(int64_t id);  // false: there is none

 private:
  sqlite::Statement add_, find_, take_use_, list_, revoke_;
};

// 256 random bits in hex, and what the store keeps of them.
std::string new_secret();
std::string hash_of(std::string_view secret);

}  // namespace farmhand::coordinator
