// SPDX-License-Identifier: Apache-2.0
#include "coordinator/health_table.hh"

#include "base/json.hh"
#include "coordinator/visible.hh"
#include "plugin/model.hh"

namespace farmhand::coordinator {
namespace {

// As people and scripts read it; nothing here reads it again.
std::string json_of(const std::vector<wire::HealthEvidence>& list) {
  Json json;
  json.array();
  for (const wire::HealthEvidence& e : list) {
    json.object().member("name", e.name).key("value");
    e.value ? json.value(*e.value) : json.null();
    json.member("unit", symbol_of(static_cast<Unit>(e.unit)));
    if (e.least) json.member("least", *e.least);
    if (e.most) json.member("most", *e.most);
    if (!e.text.empty()) json.member("text", e.text);
    json.end();
  }
  return json.end().take();
}

// A device's key is unique on its node at any time; a device that changed its plugin has two rows.
const std::string kSubjectVisible = "CASE WHEN t.device = '' THEN " + kNodeVisible +
                                    " ELSE ?1 = '' OR EXISTS (SELECT 1 FROM device d WHERE d.node "
                                    "= n.id AND d.key = t.device AND " +
                                    kDeviceVisible + ") END";
const std::string kPartition =
    "ifnull((SELECT max(d.partition) FROM device d WHERE d.node = n.id AND d.key = t.device), '')";

CheckRow check_row_from(const sqlite::Query& q) {
  CheckRow row;
  row.node_id = q.integer(0);
  row.device = q.text(1);
  row.check = q.text(2);
  row.source = q.text(3);
  row.verdict = static_cast<wire::Verdict>(q.integer(4));
  row.reason = q.text(5);
  row.sentence = q.text(6);
  row.action = q.text(7);
  row.evidence = q.text(8);
  row.since_ns = q.integer(9);
  return row;
}

TransitionRow transition_row_from(const sqlite::Query& q) {
  TransitionRow row;
  row.check = check_row_from(q);
  row.uuid = uuid_from(q.blob(10));
  row.node = uuid_from(q.blob(11));
  row.hostname = q.text(12);
  row.partition = q.text(13);
  row.from = static_cast<wire::Verdict>(q.integer(14));
  row.count = q.integer(15);
  return row;
}

OffenderRow offender_row_from(const sqlite::Query& q) {
  OffenderRow row;
  row.node = uuid_from(q.blob(0));
  row.hostname = q.text(1);
  row.device = q.text(2);
  row.partition = q.text(3);
  row.reason = q.text(4);
  row.failures = q.integer(5);
  row.last_ns = q.integer(6);
  return row;
}

}  // namespace

Result<void> HealthTable::prepare(sqlite::Database& db) {
  return prepare_all(
      db,
      {{&known_, "SELECT 1 FROM transition WHERE uuid = ?"},
       {&oldest_, "SELECT count(*), min(wall_ns) FROM transition"},
       {&add_,
        "INSERT INTO transition(uuid, node, device, check_name, source, from_verdict, to_verdict, "
        "reason, sentence, action, evidence, count, wall_ns) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
       {&set_,
        "INSERT OR REPLACE INTO health(node, device, check_name, source, verdict, reason, "
        "sentence, action, evidence, since_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
       {&count_, "SELECT count(*) FROM transition"},
       {&prune_,
        "DELETE FROM transition WHERE id IN "
        "(SELECT id FROM transition ORDER BY wall_ns, id LIMIT ?)"},
       {&checks_,
        "SELECT t.node, t.device, t.check_name, t.source, t.verdict, t.reason, t.sentence, "
        "t.action, t.evidence, t.since_ns FROM health t JOIN node n ON n.id = t.node WHERE " +
            kSubjectVisible + " ORDER BY n.hostname, n.id, t.device, t.check_name"},
       {&history_,
        "SELECT t.node, t.device, t.check_name, t.source, t.to_verdict, t.reason, t.sentence, "
        "t.action, t.evidence, t.wall_ns, t.uuid, n.uuid, n.hostname, " +
            kPartition +
            ", t.from_verdict, t.count FROM transition t JOIN node n ON n.id = t.node WHERE " +
            kSubjectVisible +
            " AND t.wall_ns >= ?2 AND (?3 = '' OR t.device = ?3) "
            "AND (?4 = '' OR n.hostname = ?4 OR lower(hex(n.uuid)) = replace(lower(?4), '-', '')) "
            "ORDER BY t.wall_ns DESC, t.id DESC LIMIT ?5"},
       {&offenders_,
        "SELECT n.uuid, n.hostname, t.device, " + kPartition +
            ", t.reason, sum(t.count) AS failures, max(t.wall_ns) FROM transition t "
            "JOIN node n ON n.id = t.node WHERE t.to_verdict = 3 AND t.wall_ns >= ?2 AND " +
            kSubjectVisible +
            " GROUP BY t.node, t.device, t.reason HAVING failures > 1 "
            "ORDER BY failures DESC, max(t.wall_ns) DESC LIMIT 100"}});
}

Result<bool> HealthTable::too_old(int64_t wall_ns) {
  sqlite::Query query(oldest_);
  auto row = query.step();
  if (!row) return row.error();
  return *row && query.integer(0) >= history_max_ && wall_ns < query.integer(1);
}

Result<void> HealthTable::add(int64_t node, const wire::HealthTransition& t, int64_t wall_ns) {
  {
    sqlite::Query query(known_);
    auto row = query.bind_blob(t.uuid.raw()).step();
    if (!row) return row.error();
    if (*row) return {};
  }
  auto old = too_old(wall_ns);
  if (!old) return old.error();
  if (*old) return {};
  const std::string evidence = json_of(t.evidence);
  sqlite::Query added(add_);
  added.bind_blob(t.uuid.raw()).bind(node).bind(t.device_key).bind(t.check).bind(t.source);
  added.bind(static_cast<int>(t.from)).bind(static_cast<int>(t.to)).bind(t.reason);
  added.bind(t.sentence).bind(t.action).bind(evidence).bind(t.count).bind(wall_ns);
  if (auto done = added.run(); !done) return done;
  sqlite::Query present(set_);
  present.bind(node).bind(t.device_key).bind(t.check).bind(t.source);
  present.bind(static_cast<int>(t.to)).bind(t.reason).bind(t.sentence).bind(t.action);
  return present.bind(evidence).bind(wall_ns).run();
}

Result<void> HealthTable::prune() {
  int64_t rows = 0;
  {
    sqlite::Query query(count_);
    auto row = query.step();
    if (!row) return row.error();
    rows = query.integer(0);
  }
  if (rows <= history_max_) return {};
  return sqlite::Query(prune_).bind(rows - history_max_).run();
}

Result<std::vector<CheckRow>> HealthTable::checks(const Scope& scope) {
  sqlite::Query query(checks_);
  query.bind(scope.partition);
  return rows_of(query, check_row_from);
}

Result<std::vector<TransitionRow>> HealthTable::history(const Scope& scope, const HistoryQuery& q) {
  sqlite::Query query(history_);
  query.bind(scope.partition).bind(q.since_ns).bind(q.device).bind(q.node).bind(q.rows_max);
  return rows_of(query, transition_row_from);
}

Result<std::vector<OffenderRow>> HealthTable::offenders(const Scope& scope, int64_t since_ns) {
  sqlite::Query query(offenders_);
  query.bind(scope.partition).bind(since_ns);
  return rows_of(query, offender_row_from);
}

}  // namespace farmhand::coordinator
