// SPDX-License-Identifier: Apache-2.0
#include "store/wal.hh"

#include <string>
#include <string_view>

namespace farmhand::sqlite {

namespace {

constexpr size_t kHeaderBytes = 32, kFrameHeadBytes = 24;
constexpr int kStrangersMax = 1;  // frames of another round in a row: a damaged salt is one
constexpr size_t kSaltAt = 16, kSaltBytes = 8;  // in the header; in a frame at 8

uint32_t be(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

// The running checksum, over words in the byte order that the header's magic names.
struct Sum {
  bool big_endian = false;
  uint32_t a = 0, b = 0;

  uint32_t word(std::string_view bytes, size_t at) const {
    const uint32_t value = be(bytes, at);
    return big_endian ? value : __builtin_bswap32(value);
  }
  void add(std::string_view bytes) {
    for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      a += word(bytes, at) + b;
      b += word(bytes, at + 4) + a;
    }
  }
  bool is(std::string_view bytes, size_t at) const {
    return a == be(bytes, at) && b == be(bytes, at + 4);
  }
};

}  // namespace

Result<WalLook> write_wal_again(sqlite3_file& wal, size_t page_bytes) {
  const auto again = [&wal](std::string& bytes, sqlite3_int64 at) {
    const int size = static_cast<int>(bytes.size());
    const int rc = wal.pMethods->xRead(&wal, bytes.data(), size, at);
    return rc != SQLITE_OK ? rc : wal.pMethods->xWrite(&wal, bytes.data(), size, at);
  };
  WalLook look;
  std::string header(kHeaderBytes, '\0'), frame(kFrameHeadBytes + page_bytes, '\0');
  sqlite3_int64 size = 0;
  int rc = wal.pMethods->xFileSize(&wal, &size);
  if (rc != SQLITE_OK || size < std::ssize(header) + std::ssize(frame)) return look;
  look.is_there = true;
  rc = again(header, 0);
  Sum sum{(be(header, 0) & 1) != 0};
  sum.add(std::string_view(header).substr(0, 24));
  bool sound = sum.is(header, 24);
  int strangers = 0;
  for (sqlite3_int64 at = std::ssize(header); rc == SQLITE_OK && at + std::ssize(frame) <= size;
       at += std::ssize(frame)) {
    rc = again(frame, at);
    const bool of_this_round = frame.compare(8, kSaltBytes, header, kSaltAt, kSaltBytes) == 0;
    if (!of_this_round && ++strangers > kStrangersMax) break;
    if (of_this_round) strangers = 0;
    sum.add(std::string_view(frame).substr(0, 8));
    sum.add(std::string_view(frame).substr(kFrameHeadBytes));
    sound = sound && of_this_round && sum.is(frame, 16);
    if (!sound && of_this_round && be(frame, 4) != 0) ++look.commits_cut_off;
  }
  if (rc == SQLITE_OK) rc = wal.pMethods->xSync(&wal, SQLITE_SYNC_NORMAL);
  if (rc == SQLITE_OK) return look;
  return Error{rc == SQLITE_FULL ? Errc::kNoSpace : Errc::kIo, "write again what it shows"};
}

}  // namespace farmhand::sqlite
