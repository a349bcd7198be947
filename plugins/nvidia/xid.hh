// SPDX-License-Identifier: Apache-2.0
// What NVIDIA publishes on the numbers of its driver's errors, in words of our own: Xid Catalog,
// docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html.
#pragma once

#include <cstdint>
#include <string_view>

namespace farmhand::nvidia {

struct Xid {
  uint64_t number;
  int32_t severity;         // FH_SEVERITY_*
  std::string_view reason;  // a code of reasons.h
  std::string_view meaning;
};

// Null: the number is not in the catalogue, or stands there without a meaning.
const Xid* find_xid(uint64_t number);

}  // namespace farmhand::nvidia
