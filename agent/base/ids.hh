// SPDX-License-Identifier: Apache-2.0
// Random identities: nodes, commands, epochs.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace farmhand {

// Fills `out` from the kernel's generator. It cannot fail after boot; if it does, we abort.
void fill_random(std::span<uint8_t> out);

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  static Uuid random();                                  // version 4
  static Result<Uuid> parse(std::string_view text);      // the 36-character form
  static Result<Uuid> from_bytes(std::string_view raw);  // exactly 16 bytes

  std::string text() const;
  std::string_view raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  bool is_nil() const { return *this == Uuid{}; }
  auto operator<=>(const Uuid&) const = default;
};

}  // namespace farmhand
