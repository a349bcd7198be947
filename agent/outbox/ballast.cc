// SPDX-License-Identifier: Apache-2.0
#include "outbox/ballast.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hh"

namespace farmhand {

namespace {
constexpr uint64_t kHoldAgainNs = 4'000'000'000;
}

std::string_view name_of(BallastState state) {
  // clang-format off
  switch (state) {
    case BallastState::kHeld: return "held";
    case BallastState::kReleased: return "released";
    case BallastState::kNone: return "none";
  }
  // clang-format on
  return "unknown";
}

Ballast::Ballast(std::string path, uint64_t bytes)
    : path_(std::move(path)), bytes_(bytes), state_(BallastState::kReleased) {
  struct stat file {};
  if (::stat(path_.c_str(), &file) == 0 && static_cast<uint64_t>(file.st_size) == bytes_) {
    state_ = BallastState::kHeld;
  }
}

void Ballast::release(uint64_t boottime_ns) {
  ::unlink(path_.c_str());
  not_before_ns_ = boottime_ns + kHoldAgainNs;
  if (state_ == BallastState::kHeld) state_ = BallastState::kReleased;
}

bool Ballast::disk_is_roomy() const {
  struct statvfs disk {};
  return ::statvfs(directory_of(path_).c_str(), &disk) == 0 &&
         uint64_t{disk.f_bavail} * disk.f_frsize >= room_bytes();
}

void Ballast::hold(uint64_t boottime_ns) {
  if (state_ != BallastState::kReleased) return;
  if (boottime_ns < not_before_ns_) return;
  not_before_ns_ = boottime_ns + kHoldAgainNs;
  if (!disk_is_roomy()) return;
  const Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return;
  // fallocate, not posix_fallocate: where the file system cannot, glibc would write every block.
  if (::fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes_)) == 0) {
    state_ = BallastState::kHeld;
    return;
  }
  state_ = errno == EOPNOTSUPP ? BallastState::kNone : BallastState::kReleased;
  ::unlink(path_.c_str());
}

}  // namespace farmhand
