// SPDX-License-Identifier: Apache-2.0
// Ed25519 (OpenSSL): keys in PEM files, signatures of 64 bytes. Part of the digest library.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hh"

struct evp_pkey_st;

namespace farmhand {

namespace detail {
struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};
using Key = std::unique_ptr<evp_pkey_st, FreeKey>;
}  // namespace detail

class PublicKey {
 public:
  static Result<PublicKey> parse(std::string_view pem, std::string_view name);
  static Result<PublicKey> read(const std::string& path);  // a PEM file

  bool verifies(std::string_view message, std::string_view signature) const;
  std::string pem() const;
  std::string id() const;  // first 16 hex digits of SHA-256 of the raw 32 bytes

 private:
  friend class SigningKey;
  explicit PublicKey(detail::Key key) : key_(std::move(key)) {}

  detail::Key key_;
};

class SigningKey {
 public:
  static SigningKey generate();
  static Result<SigningKey> read(
      const std::string& path);  // a PEM file; one that others may read is refused

  std::string sign(std::string_view message) const;
  PublicKey public_key() const;
  Result<void> write(const std::string& path) const;  // mode 0600, durable

 private:
  explicit SigningKey(detail::Key key) : key_(std::move(key)) {}

  detail::Key key_;
};

}  // namespace farmhand
