// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hh"

#include <openssl/evp.h>

#include <cstdlib>
#include <cstring>

#include "base/bytes.hh"

namespace farmhand {

namespace {

// Allocation of a digest context or a provider lookup fails only when the process is lost anyway.
void must(int ok) {
  if (ok != 1) std::abort();
}

// Fetched once: OpenSSL 3 looks the algorithm up again at each implicit fetch, which costs more
// than hashing a kilobyte.
const EVP_MD* fetched_sha256() {
  static EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return md;
}

}  // namespace

Sha256Hasher::Sha256Hasher() : context_(EVP_MD_CTX_new()) {
  must(context_ != nullptr ? EVP_DigestInit_ex(context_, fetched_sha256(), nullptr) : 0);
}

Sha256Hasher::~Sha256Hasher() {
  EVP_MD_CTX_free(context_);
}

void Sha256Hasher::add(std::string_view bytes) {
  must(EVP_DigestUpdate(context_, bytes.data(), bytes.size()));
}

Sha256 Sha256Hasher::finish() {
  Sha256 digest;
  must(EVP_DigestFinal_ex(context_, digest.data(), nullptr));
  return digest;
}

Sha256 sha256(std::string_view bytes) {
  Sha256Hasher hasher;
  hasher.add(bytes);
  return hasher.finish();
}

std::string hex_of(const Sha256& digest) {
  return hex_from_bytes({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

namespace {

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
    table[i] = crc;
  }
  return table;
}

constexpr auto kCrcTable = make_crc_table();

uint32_t crc32c_by_table(std::string_view bytes, uint32_t crc) {
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ crc >> 8;
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32c_by_sse42(std::string_view bytes, uint32_t crc) {
  uint64_t wide = crc;
  while (bytes.size() >= 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    wide = __builtin_ia32_crc32di(wide, word);
    bytes.remove_prefix(8);
  }
  return crc32c_by_table(bytes, static_cast<uint32_t>(wide));
}
#endif

}  // namespace

uint32_t crc32c(std::string_view bytes, uint32_t crc) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~crc32c_by_sse42(bytes, ~crc);
#endif
  return ~crc32c_by_table(bytes, ~crc);
}

}  // namespace farmhand
