// SPDX-License-Identifier: Apache-2.0
#include "coordinator/scope.hh"

#include <algorithm>

namespace farmhand::coordinator {

std::string_view name_of(Role role) {
  switch (role) {
    case Role::kJoin:
      return "join";
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return "?";
}

Result<Role> role_from(std::string_view word) {
  for (const Role role : {Role::kJoin, Role::kViewer, Role::kOperator, Role::kAdmin})
    if (word == name_of(role)) return role;
  return Error{Errc::kInvalid, "there is no role '" + std::string(word) +
                                   "'; roles are join, viewer, operator and admin"};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string partition_of(std::string_view cloud, const std::vector<std::string>& vendors,
                         std::string_view device_vendor) {
  const std::string vendor = lower_case(device_vendor);
  if (cloud.empty() || std::find(vendors.begin(), vendors.end(), vendor) == vendors.end())
    return "";
  return lower_case(cloud) + "-" + vendor;
}

std::string join_words(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ",") + word;
  return joined;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) words.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return words;
}

bool is_vendor(std::string_view word) {
  return !word.empty() && word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_cloud(std::string_view word) {
  return is_vendor(word) && word.find('-') == std::string_view::npos;
}

}  // namespace farmhand::coordinator
