// SPDX-License-Identifier: Apache-2.0
#include "coordinator/command_table.hh"

namespace farmhand::coordinator {
namespace {

CommandRow command_row_from(const sqlite::Query& q) {
  CommandRow row;
  row.uuid = uuid_from(q.blob(0));
  row.node_id = q.integer(1);
  row.node = uuid_from(q.blob(2));
  row.partition = q.text(3);
  row.payload = q.blob(4);
  row.signature = q.blob(5);
  row.key_id = q.text(6);
  row.state = q.text(7);
  row.sentence = q.text(8);
  row.created_ns = q.integer(9);
  row.finished_ns = q.integer(10);
  return row;
}

constexpr char kSelect[] =
    "SELECT c.uuid, c.node, n.uuid, c.partition, c.payload, c.signature, c.key_id, c.state, "
    "c.sentence, c.created_ns, c.finished_ns FROM command c JOIN node n ON n.id = c.node WHERE ";

}  // namespace

Result<void> CommandTable::prepare(sqlite::Database& db) {
  const std::string select = kSelect;
  return prepare_all(
      db,
      {{&add_,
        "INSERT INTO command(uuid, node, partition, payload, signature, key_id, state, sentence, "
        "created_ns, finished_ns) VALUES (?, ?, ?, ?, ?, ?, 'pending', '', ?, 0) "
        "ON CONFLICT(uuid) DO NOTHING RETURNING 1"},
       {&find_, select + "c.uuid = ?1 AND (?2 = '' OR c.partition = ?2)"},
       {&pending_, select + "c.node = ? AND c.state = 'pending' ORDER BY c.created_ns"},
       {&set_acked_,
        "UPDATE command SET state = 'acked' WHERE uuid = ? AND node = ? AND state = 'pending'"},
       // A coordinator restored from an old backup may hear of a command that it does not know.
       {&finish_,
        "INSERT INTO command(uuid, node, partition, payload, signature, key_id, state, sentence, "
        "created_ns, finished_ns) VALUES (?, ?, '', x'', x'', '', ?, ?, 0, ?) "
        "ON CONFLICT(uuid) DO UPDATE SET state = excluded.state, sentence = excluded.sentence, "
        "finished_ns = excluded.finished_ns WHERE node = excluded.node"}});
}

Result<void> CommandTable::add(const CommandRow& c) {
  sqlite::Query query(add_);
  query.bind_blob(c.uuid.raw()).bind(c.node_id).bind(c.partition).bind_blob(c.payload);
  query.bind_blob(c.signature).bind(c.key_id).bind(c.created_ns);
  auto added = query.step();
  if (!added) return added.error();
  if (!*added)
    return Error{Errc::kExists,
                 "command " + c.uuid.text() + " was sent before; sign a new one to run it again"};
  return {};
}

Result<std::optional<CommandRow>> CommandTable::find(const Scope& scope, const Uuid& uuid) {
  sqlite::Query query(find_);
  query.bind_blob(uuid.raw()).bind(scope.partition);
  return row_of(query, command_row_from);
}

Result<std::vector<CommandRow>> CommandTable::pending(int64_t node) {
  sqlite::Query query(pending_);
  query.bind(node);
  return rows_of(query, command_row_from);
}

Result<void> CommandTable::set_acked(int64_t node, const Uuid& uuid) {
  return sqlite::Query(set_acked_).bind_blob(uuid.raw()).bind(node).run();
}

Result<void> CommandTable::finish(int64_t node, const wire::CommandResult& r, int64_t wall_ns) {
  sqlite::Query query(finish_);
  query.bind_blob(r.command_uuid.raw()).bind(node).bind(wire::name_of(r.status));
  return query.bind(r.sentence).bind(wall_ns).run();
}

}  // namespace farmhand::coordinator
