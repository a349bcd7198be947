// SPDX-License-Identifier: Apache-2.0
#include "coordinator/node_table.hh"

namespace farmhand::coordinator {

const char kNodeColumns[] =
    "n.id, n.uuid, n.hostname, n.cloud, n.vendors, n.banned_boot_id, n.enrolled_ns, "
    "n.last_seen_ns, n.agent_version, n.boot_id, n.os, n.kernel, n.architecture, n.cpu_model, "
    "n.cpu_count, n.memory_bytes";

NodeRow node_row_from(const sqlite::Query& q) {
  NodeRow row;
  row.id = q.integer(0);
  row.uuid = uuid_from(q.blob(1));
  row.hostname = q.text(2);
  row.cloud = q.text(3);
  row.vendors = split_words(q.text(4));
  row.banned_boot_id = q.text(5);
  row.enrolled_ns = q.integer(6);
  row.last_seen_ns = q.integer(7);
  row.agent_version = q.text(8);
  row.boot_id = q.text(9);
  row.os = q.text(10);
  row.kernel = q.text(11);
  row.architecture = q.text(12);
  row.cpu_model = q.text(13);
  row.cpu_count = q.integer(14);
  row.memory_bytes = q.integer(15);
  return row;
}

Result<void> NodeTable::prepare(sqlite::Database& db) {
  const std::string select = std::string("SELECT ") + kNodeColumns + " FROM node n WHERE ";
  return prepare_all(
      db,
      {{&find_, select + "n.uuid = ?"},
       {&find_by_credential_, select + "n.credential_hash = ?"},
       {&find_by_id_, select + "n.id = ?"},
       {&enroll_,
        "INSERT INTO node(uuid, hostname, agent_version, cloud, vendors, credential_hash, "
        "enrolled_ns) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(uuid) DO UPDATE SET "
        "hostname = excluded.hostname, agent_version = excluded.agent_version, "
        "cloud = excluded.cloud, vendors = excluded.vendors, "
        "credential_hash = excluded.credential_hash, enrolled_ns = excluded.enrolled_ns, "
        "banned_boot_id = ''"},
       {&set_seen_,
        "UPDATE node SET boot_id = ?, agent_version = ?, last_seen_ns = ? WHERE id = ?"},
       {&set_last_seen_, "UPDATE node SET last_seen_ns = ? WHERE id = ?"},
       {&set_facts_,
        "UPDATE node SET hostname = ?, os = ?, kernel = ?, architecture = ?, cpu_model = ?, "
        "cpu_count = ?, memory_bytes = ?, agent_version = ? WHERE id = ?"},
       {&ban_, "UPDATE node SET banned_boot_id = ? WHERE id = ?"},
       {&leave_partitions_, "DELETE FROM node_partition WHERE node = ?"},
       {&enter_partition_, "INSERT OR IGNORE INTO node_partition(partition, node) VALUES (?, ?)"},
       {&clear_devices_, "UPDATE device SET partition = '' WHERE node = ?"},
       {&set_device_partition_,
        "UPDATE device SET partition = ? WHERE node = ? AND lower(vendor) = ?"}});
}

Result<std::optional<NodeRow>> NodeTable::find(const Uuid& uuid) {
  sqlite::Query query(find_);
  query.bind_blob(uuid.raw());
  return row_of(query, node_row_from);
}

Result<std::optional<NodeRow>> NodeTable::find_by_credential(std::string_view hash) {
  sqlite::Query query(find_by_credential_);
  query.bind_blob(hash);
  return row_of(query, node_row_from);
}

Result<std::optional<NodeRow>> NodeTable::find_by_id(int64_t id) {
  sqlite::Query query(find_by_id_);
  query.bind(id);
  return row_of(query, node_row_from);
}

Result<void> NodeTable::enroll(const NewEnrolment& e) {
  const std::string vendors = join_words(e.vendors);
  {
    sqlite::Query query(enroll_);
    query.bind_blob(e.node.raw()).bind(e.hostname).bind(e.agent_version).bind(e.cloud);
    query.bind(vendors).bind_blob(e.credential_hash).bind(e.now_ns);
    if (auto done = query.run(); !done) return done;
  }
  auto row = find(e.node);
  if (!row) return row.error();
  return derive_partitions((*row)->id, e);
}

Result<void> NodeTable::derive_partitions(int64_t id, const NewEnrolment& e) {
  for (sqlite::Statement* clear : {&leave_partitions_, &clear_devices_})
    if (auto done = sqlite::Query(*clear).bind(id).run(); !done) return done;
  for (const std::string& vendor : e.vendors) {
    const std::string partition = partition_of(e.cloud, e.vendors, vendor);
    if (auto done = sqlite::Query(enter_partition_).bind(partition).bind(id).run(); !done)
      return done;
    if (auto done =
            sqlite::Query(set_device_partition_).bind(partition).bind(id).bind(vendor).run();
        !done)
      return done;
  }
  return {};
}

Result<void> NodeTable::set_seen(int64_t id, const std::string& boot_id,
                                 const std::string& agent_version, int64_t now_ns) {
  return sqlite::Query(set_seen_).bind(boot_id).bind(agent_version).bind(now_ns).bind(id).run();
}

Result<void> NodeTable::set_last_seen(int64_t id, int64_t now_ns) {
  return sqlite::Query(set_last_seen_).bind(now_ns).bind(id).run();
}

Result<void> NodeTable::set_facts(int64_t id, const wire::Node& f) {
  sqlite::Query query(set_facts_);
  query.bind(f.hostname).bind(f.os).bind(f.kernel).bind(f.architecture).bind(f.cpu_model);
  query.bind(f.cpu_count).bind(f.memory_bytes).bind(f.agent_version).bind(id);
  return query.run();
}

Result<void> NodeTable::ban_boot(int64_t id, const std::string& boot_id) {
  return sqlite::Query(ban_).bind(boot_id).bind(id).run();
}

}  // namespace farmhand::coordinator
