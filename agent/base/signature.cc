// SPDX-License-Identifier: Apache-2.0
#include "base/signature.hh"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>

#include "base/bytes.hh"
#include "base/digest.hh"
#include "base/file.hh"

namespace farmhand {

namespace {

constexpr size_t kSignatureBytes = 64;
constexpr size_t kPublicBytes = 32;
constexpr size_t kPemBytesMax = 16 << 10;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

// Allocation fails only when the process is lost anyway.
void must(bool ok) {
  if (!ok) std::abort();
}

Bio bio_over(std::string_view text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  must(bio != nullptr);
  return bio;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

bool is_ed25519(const detail::Key& key) {
  return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519;
}

// No key is ever asked for on a terminal: one with a passphrase cannot be used.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::string raw_public(const evp_pkey_st* key) {
  std::array<uint8_t, kPublicBytes> raw{};
  size_t size = raw.size();
  must(EVP_PKEY_get_raw_public_key(key, raw.data(), &size) == 1 && size == raw.size());
  return {reinterpret_cast<const char*>(raw.data()), size};
}

Result<void> refuse_readable_by_others(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return Error{Errc::kPermission,
                 "the signing key '" + path + "' can be read by others: run chmod 600 on it"};
  }
  return {};
}

}  // namespace

namespace detail {
void FreeKey::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}
}  // namespace detail

Result<PublicKey> PublicKey::parse(std::string_view pem, std::string_view name) {
  const Bio bio = bio_over(pem);
  detail::Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, &no_passphrase, nullptr));
  if (!is_ed25519(key)) {
    return Error{Errc::kInvalid, "'" + std::string(name) +
                                     "' is not an Ed25519 public key in PEM (BEGIN PUBLIC KEY)"};
  }
  return PublicKey(std::move(key));
}

Result<PublicKey> PublicKey::read(const std::string& path) {
  const auto pem = read_file(path, kPemBytesMax);
  if (!pem) return pem.error();
  return parse(*pem, path);
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  if (signature.size() != kSignatureBytes) return false;
  const Digest digest(EVP_MD_CTX_new());
  must(digest != nullptr);
  if (EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key_.get()) != 1) return false;
  return EVP_DigestVerify(digest.get(), reinterpret_cast<const uint8_t*>(signature.data()),
                          signature.size(), reinterpret_cast<const uint8_t*>(message.data()),
                          message.size()) == 1;
}

std::string PublicKey::pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(bio != nullptr && PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1);
  return text_of(bio.get());
}

std::string PublicKey::id() const {
  return hex_of(sha256(raw_public(key_.get()))).substr(0, 16);
}

SigningKey SigningKey::generate() {
  detail::Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  must(key != nullptr);
  return SigningKey(std::move(key));
}

Result<SigningKey> SigningKey::read(const std::string& path) {
  const auto pem = read_file(path, kPemBytesMax);
  if (!pem) return pem.error();
  if (auto safe = refuse_readable_by_others(path); !safe) return safe.error();
  const Bio bio = bio_over(*pem);
  detail::Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
  if (!is_ed25519(key)) {
    return Error{Errc::kInvalid,
                 "'" + path + "' is not an Ed25519 private key in PEM without a passphrase"};
  }
  return SigningKey(std::move(key));
}

std::string SigningKey::sign(std::string_view message) const {
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  const Digest digest(EVP_MD_CTX_new());
  must(digest != nullptr);
  must(EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  must(EVP_DigestSign(digest.get(), reinterpret_cast<uint8_t*>(signature.data()), &size,
                      reinterpret_cast<const uint8_t*>(message.data()), message.size()) == 1);
  return signature;
}

PublicKey SigningKey::public_key() const {
  const std::string raw = raw_public(key_.get());
  detail::Key key(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const uint8_t*>(raw.data()), raw.size()));
  must(key != nullptr);
  return PublicKey(std::move(key));
}

Result<void> SigningKey::write(const std::string& path) const {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(bio != nullptr &&
       PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return write_file_atomically(path, text_of(bio.get()), 0600);
}

}  // namespace farmhand
