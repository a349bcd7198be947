// SPDX-License-Identifier: Apache-2.0
#include "health/reason.hh"

#include <algorithm>
#include <array>

#include "farmhand/reasons.h"

namespace farmhand {

namespace {

struct Row {
  std::string_view code;
  std::string_view action;
};

constexpr Row kCatalogue[] = {
#define FARMHAND_ROW(name, code, meaning, action) {code, action},
    FH_REASONS(FARMHAND_ROW)
#undef FARMHAND_ROW
};

constexpr std::array<std::string_view, 10> kAtOnce = {
    FH_REASON_DEVICE_MISSING,     FH_REASON_DEVICE_LOST,       FH_REASON_DEVICE_HUNG,
    FH_REASON_DEVICE_UNMANAGED,   FH_REASON_DEVICE_PERMISSION, FH_REASON_COMPUTE_WRONG,
    FH_REASON_MEMORY_UNCORRECTED, FH_REASON_LINK_FATAL,        FH_REASON_FIRMWARE_FAULT,
    FH_REASON_NODE_DISK_READ_ONLY};

}  // namespace

std::string_view action_of_reason(std::string_view reason) {
  for (const Row& row : kCatalogue) {
    if (row.code == reason) return row.action;
  }
  return {};
}

bool counts_at_once(std::string_view reason) {
  return std::find(kAtOnce.begin(), kAtOnce.end(), reason) != kAtOnce.end();
}

}  // namespace farmhand
