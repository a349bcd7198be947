// SPDX-License-Identifier: Apache-2.0
// RSD groups: a job runs on the devices of one group, through `/dev/rsd<G>`. Group 0 is where all
// devices are that nobody grouped.
#pragma once

#include <map>
#include <set>

#include "smi_tool.hh"

namespace farmhand::rebellions {

using Numbers = std::set<uint32_t>;          // of devices, N of rblnN
using Groups = std::map<uint32_t, Numbers>;  // by the group's number

// `/sys/class/rebellions/rsd/rsd_group`: a heading, then lines `group,…,rblnN` (third party: a
// script in a public repository that reads it so). Nothing if there is none or it is not so.
std::optional<Groups> groups_from(std::string_view text);

// What the driver says, else the tool. Nothing where neither knows groups: an old driver.
std::optional<Groups> read_groups(const Call& call, const Root& root, const SmiTool& tool);

// The group that has these devices and no other; 0 if there is none.
uint32_t group_of(const Groups& groups, const Numbers& devices);

// The groups that lie wholly among these devices. Throws FH_E_INVALID if one of them reaches
// beyond: another job may run on it.
std::vector<uint32_t> groups_within(const Groups& groups, const Numbers& devices);

// The lowest number that no group has. Throws FH_E_AGAIN if there is none.
uint32_t free_group(const Groups& groups);

// `1,2,7`.
template <class Collection>
std::string joined(const Collection& numbers) {
  std::string list;
  for (const uint32_t number : numbers) list += (list.empty() ? "" : ",") + std::to_string(number);
  return list;
}

// The vendor's own lock file, which its tools take before they change groups
// (RBLN-SW/rblnlib-go@f931004, pkg/rsdgroup/rsdgroup.go).
class GroupLock {
 public:
  // Throws FH_E_AGAIN if another program keeps it, FH_E_PERMISSION.
  GroupLock(const Call& call, const std::string& path);
  ~GroupLock();
  GroupLock(const GroupLock&) = delete;
  GroupLock& operator=(const GroupLock&) = delete;

 private:
  int fd_;
};

}  // namespace farmhand::rebellions
