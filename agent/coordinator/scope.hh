// SPDX-License-Identifier: Apache-2.0
// Who asks, and what they may see. Every question that the store answers to people takes a Scope:
// there is no way to ask without one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace farmhand::coordinator {

enum class Role : uint8_t { kJoin, kViewer, kOperator, kAdmin };
std::string_view name_of(Role role);
Result<Role> role_from(std::string_view word);

struct Scope {
  Role role = Role::kViewer;
  std::string partition;  // empty: all of them

  bool sees_all() const { return partition.empty(); }
  bool at_least(Role wanted) const { return role != Role::kJoin && role >= wanted; }
};

// The wall a device stands inside: `cloud-vendor` in lower case if the node was enrolled for the
// vendor, else empty. Derived here; what a node says of its partition is not looked at.
std::string partition_of(std::string_view cloud, const std::vector<std::string>& vendors,
                         std::string_view device_vendor);

std::string lower_case(std::string_view text);
std::string join_words(const std::vector<std::string>& words);           // with commas
std::vector<std::string> split_words(std::string_view comma_separated);  // empty ones dropped

// Small letters and digits, in a vendor's name also dashes. A cloud has none, so that no two pairs
// of cloud and vendor share a partition.
bool is_cloud(std::string_view word);
bool is_vendor(std::string_view word);

}  // namespace farmhand::coordinator
