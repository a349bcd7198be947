// SPDX-License-Identifier: Apache-2.0
// Nodes: who is enrolled, by which credential, for which cloud and vendors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/prepare.hh"
#include "coordinator/rows.hh"
#include "wire/inventory.hh"

namespace farmhand::coordinator {

struct NewEnrolment {
  Uuid node;
  std::string hostname;
  std::string agent_version;
  std::string cloud;
  std::vector<std::string> vendors;
  std::string credential_hash;  // 32 bytes
  int64_t now_ns = 0;
};

class NodeTable {
 public:
  Result<void> prepare(sqlite::Database& db);

  Result<std::optional<NodeRow>> find(const Uuid& uuid);
  Result<std::optional<NodeRow>> find_by_credential(std::string_view hash);
  Result<std::optional<NodeRow>> find_by_id(int64_t id);

  // Enrols, or enrols anew: the old credential and a ban end, partitions are derived again.
  Result<void> enroll(const NewEnrolment& enrolment);

  Result<void> set_seen(int64_t id, const std::string& boot_id, const std::string& agent_version,
                        int64_t now_ns);
  Result<void> set_last_seen(int64_t id, int64_t now_ns);
  Result<void> set_facts(int64_t id, const wire::Node& facts);
  Result<void> ban_boot(int64_t id, const std::string& boot_id);

 private:
  Result<void> derive_partitions(int64_t id, const NewEnrolment& enrolment);

  sqlite::Statement find_, find_by_credential_, find_by_id_, enroll_, set_seen_, set_last_seen_;
  sqlite::Statement set_facts_, ban_;
  sqlite::Statement leave_partitions_, enter_partition_, clear_devices_, set_device_partition_;
};

NodeRow node_row_from(const sqlite::Query& query);  // the columns of kNodeColumns, from the first
extern const char kNodeColumns[];

}  // namespace farmhand::coordinator
