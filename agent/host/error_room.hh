// SPDX-License-Identifier: Apache-2.0
// Where a call's fh_error lies: with a wall behind it, so that a plugin that writes too much hits
// nothing of ours and is found out.
#pragma once

#include <array>
#include <cstdint>

#include "farmhand/abi.h"

namespace farmhand::host {

class ErrorRoom {
 public:
  ErrorRoom() { build_wall(); }

  fh_error& clear() {
    error_ = {};
    error_.struct_size = sizeof error_;
    return error_;
  }
  const fh_error& error() const { return error_; }

  // False once after each damage.
  bool is_whole() {
    for (const uint64_t brick : wall_) {
      if (brick == kBrick) continue;
      build_wall();
      return false;
    }
    return true;
  }

 private:
  static constexpr uint64_t kBrick = 0x5AA5F00D5AA5F00D;
  void build_wall() { wall_.fill(kBrick); }

  fh_error error_{};
  std::array<uint64_t, 16> wall_;
};

}  // namespace farmhand::host
