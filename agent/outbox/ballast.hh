// SPDX-License-Identifier: Apache-2.0
// A file of nothing, given up when the disk is full: on a truly full disk SQLite can neither delete
// nor checkpoint, so room must come from elsewhere.
#pragma once

#include <cstdint>
#include <string>

#include "outbox/stats.hh"

namespace farmhand {

class Ballast {
 public:
  Ballast(std::string path, uint64_t bytes);

  BallastState state() const { return state_; }
  void release(uint64_t boottime_ns);

  // Takes the space (again) when the disk has four times as much, looked at every four seconds and
  // not before four seconds after it was given up: it must not be what fills the disk, and must be
  // back within ten seconds of the room.
  void hold(uint64_t boottime_ns);
  uint64_t room_bytes() const { return 4 * bytes_; }

 private:
  bool disk_is_roomy() const;

  std::string path_;
  uint64_t bytes_;
  BallastState state_;
  uint64_t not_before_ns_ = 0;
};

}  // namespace farmhand
