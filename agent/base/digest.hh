// SPDX-License-Identifier: Apache-2.0
// Checksums: SHA-256 (OpenSSL) for identity and chains, CRC32C for stored rows. A library of its
// own, so that a program without these links no OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace farmhand {

using Sha256 = std::array<uint8_t, 32>;

// Hashes piece by piece; `finish` may be called once.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(const Sha256Hasher&) = delete;
  Sha256Hasher& operator=(const Sha256Hasher&) = delete;

  void add(std::string_view bytes);
  Sha256 finish();

 private:
  evp_md_ctx_st* context_;
};

Sha256 sha256(std::string_view bytes);
std::string hex_of(const Sha256& digest);

// Castagnoli CRC (polynomial 0x1EDC6F41, reflected), as in iSCSI (RFC 3720, appendix B.4).
uint32_t crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace farmhand
