// SPDX-License-Identifier: Apache-2.0
#include "health/past.hh"

#include "health/evidence.hh"

namespace farmhand {

namespace {

constexpr char kSql[] =
#include "health.sql.inc"
    ;

constexpr std::string_view kColumns =
    "uuid, subject, source, name, from_verdict, to_verdict, reason, sentence, action, evidence, "
    "count, boottime, realtime";

Verdict verdict_from(int64_t number) {
  return number >= 0 && number <= 3 ? static_cast<Verdict>(number) : Verdict::kUnknown;
}

Transition transition_from(const sqlite::Query& row) {
  Transition out;
  if (auto uuid = Uuid::from_bytes(row.blob(0))) out.uuid = *uuid;
  out.subject = row.text(1);
  out.source = row.text(2);
  out.check = row.text(3);
  out.from = verdict_from(row.integer(4));
  out.to = verdict_from(row.integer(5));
  out.reason = row.text(6);
  out.sentence = row.text(7);
  out.action = row.text(8);
  out.evidence = evidence_from_bytes(row.blob(9));
  out.count = static_cast<uint32_t>(row.integer(10));
  out.boottime_ns = static_cast<uint64_t>(row.integer(11));
  out.realtime_ns = row.integer(12);
  return out;
}

CheckStatus check_from(const sqlite::Query& row) {
  CheckStatus out;
  out.source = row.text(1);
  out.check = row.text(2);
  out.verdict = verdict_from(row.integer(3));
  out.reason = row.text(4);
  out.sentence = row.text(5);
  out.action = row.text(6);
  out.since_realtime_ns = row.integer(7);
  out.changes = static_cast<uint32_t>(row.integer(8));
  return out;
}

Result<void> save_transition(sqlite::Database& db, const Transition& one) {
  const std::string evidence = bytes_from_evidence(one.evidence);
  return sqlite::run_once(
      db,
      "INSERT INTO health_transition(uuid, subject, source, name, from_verdict, to_verdict, "
      "reason, sentence, action, evidence, count, boottime, realtime) VALUES "
      "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(uuid) DO NOTHING",
      [&](sqlite::Query& query) {
        query.bind_blob(one.uuid.raw()).bind(one.subject).bind(one.source).bind(one.check);
        query.bind(static_cast<int>(one.from)).bind(static_cast<int>(one.to));
        query.bind(one.reason).bind(one.sentence).bind(one.action).bind_blob(evidence);
        query.bind(one.count).bind(one.boottime_ns).bind(one.realtime_ns);
      });
}

Result<void> save_check(sqlite::Database& db, const std::string& subject, const CheckStatus& one) {
  return sqlite::run_once(
      db, "INSERT OR REPLACE INTO health_check VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [&](sqlite::Query& query) {
        query.bind(subject).bind(one.source).bind(one.check).bind(static_cast<int>(one.verdict));
        query.bind(one.reason).bind(one.sentence).bind(one.action);
        query.bind(one.since_realtime_ns).bind(one.changes);
      });
}

Result<void> save_hold(sqlite::Database& db, const std::string& key,
                       const std::optional<Hold>& hold) {
  if (!hold) {
    return sqlite::run_once(db, "DELETE FROM health_hold WHERE subject = ?",
                            [&](sqlite::Query& query) { query.bind(key); });
  }
  return sqlite::run_once(db, "INSERT OR REPLACE INTO health_hold VALUES (?, ?, ?, ?, ?)",
                          [&](sqlite::Query& query) {
                            query.bind(key).bind(static_cast<int>(hold->kind));
                            query.bind(hold->why).bind(hold->who).bind(hold->since_realtime_ns);
                          });
}

Result<void> save_expected(sqlite::Database& db, const std::string& key,
                           const std::optional<ExpectedDevice>& one) {
  if (!one) {
    return sqlite::run_once(db, "DELETE FROM health_expected WHERE device = ?",
                            [&](sqlite::Query& query) { query.bind(key); });
  }
  return sqlite::run_once(db, "INSERT OR REPLACE INTO health_expected VALUES (?, ?, ?, ?, ?, ?)",
                          [&](sqlite::Query& query) {
                            query.bind(key).bind(one->vendor).bind(one->model).bind(one->pci);
                            query.bind(one->numa_node).bind(one->index);
                          });
}

// The history is bounded; what is not reported yet stays.
Result<void> cut_history(sqlite::Database& db) {
  return sqlite::run_once(db,
                          "DELETE FROM health_transition WHERE reported = 1 AND id <= "
                          "(SELECT max(id) FROM health_transition) - ?",
                          [](sqlite::Query& query) { query.bind(kHistoryMax); });
}

Result<void> load_checks(sqlite::Database& db, HealthPast& past) {
  return sqlite::run_once(db, "SELECT * FROM health_check", nullptr, [&](const sqlite::Query& row) {
    past.checks.emplace_back(row.text(0), check_from(row));
  });
}

Result<void> load_holds(sqlite::Database& db, HealthPast& past) {
  return sqlite::run_once(db, "SELECT * FROM health_hold", nullptr, [&](const sqlite::Query& row) {
    Hold hold;
    const int64_t kind = row.integer(1);
    if (kind >= 0 && kind <= 4) hold.kind = static_cast<HoldKind>(kind);
    hold.why = row.text(2);
    hold.who = row.text(3);
    hold.since_realtime_ns = row.integer(4);
    past.holds.insert_or_assign(std::string(row.text(0)), std::move(hold));
  });
}

Result<void> load_expected(sqlite::Database& db, HealthPast& past) {
  return sqlite::run_once(
      db, "SELECT * FROM health_expected", nullptr, [&](const sqlite::Query& row) {
        past.expected.push_back({std::string(row.text(0)), std::string(row.text(1)),
                                 std::string(row.text(2)), std::string(row.text(3)),
                                 static_cast<int32_t>(row.integer(4)),
                                 static_cast<int32_t>(row.integer(5))});
      });
}

Result<void> load_transitions(sqlite::Database& db, int64_t since, HealthPast& past) {
  const std::string select = "SELECT " + std::string(kColumns) + " FROM health_transition WHERE ";
  auto owed = sqlite::run_once(
      db, select + "reported = 0 ORDER BY id", nullptr,
      [&](const sqlite::Query& row) { past.unreported.push_back(transition_from(row)); });
  if (!owed) return owed;
  return sqlite::run_once(
      db, select + "to_verdict = 2 AND realtime >= ? ORDER BY id",
      [&](sqlite::Query& query) { query.bind(since); },
      [&](const sqlite::Query& row) { past.failures.push_back(transition_from(row)); });
}

}  // namespace

StateFile::Module health_module() {
  return {"health", {kSql}};
}

bool HealthChanges::empty() const {
  return transitions.empty() && checks.empty() && gone.empty() && holds.empty() && expected.empty();
}

Result<HealthPast> load_past(StateFile& state, int64_t since_realtime_ns) {
  if (auto opened = state.ensure_open(); !opened) return opened.error();
  HealthPast past;
  sqlite::Database& db = state.database();
  if (auto done = load_checks(db, past); !done) return done.error();
  if (auto done = load_holds(db, past); !done) return done.error();
  if (auto done = load_expected(db, past); !done) return done.error();
  if (auto done = load_transitions(db, since_realtime_ns, past); !done) return done.error();
  return past;
}

Result<void> save_changes(StateFile& state, const HealthChanges& changes) {
  if (auto opened = state.ensure_open(); !opened) return opened;
  sqlite::Database& db = state.database();
  auto transaction = sqlite::Transaction::begin(db);
  if (!transaction) return transaction.error();
  for (const auto& [subject, one] : changes.gone) {
    auto done = sqlite::run_once(
        db, "DELETE FROM health_check WHERE subject = ? AND source = ? AND name = ?",
        [&](sqlite::Query& query) { query.bind(subject).bind(one.source).bind(one.check); });
    if (!done) return done;
  }
  for (const auto& [subject, one] : changes.checks) {
    if (auto done = save_check(db, subject, one); !done) return done;
  }
  for (const Transition& one : changes.transitions) {
    if (auto done = save_transition(db, one); !done) return done;
  }
  for (const auto& [key, hold] : changes.holds) {
    if (auto done = save_hold(db, key, hold); !done) return done;
  }
  for (const auto& [key, one] : changes.expected) {
    if (auto done = save_expected(db, key, one); !done) return done;
  }
  if (!changes.transitions.empty()) {
    if (auto done = cut_history(db); !done) return done;
  }
  return transaction->commit();
}

Result<void> mark_reported(StateFile& state, const Uuid& uuid) {
  if (auto opened = state.ensure_open(); !opened) return opened;
  return sqlite::run_once(state.database(),
                          "UPDATE health_transition SET reported = 1 WHERE uuid = ?",
                          [&](sqlite::Query& query) { query.bind_blob(uuid.raw()); });
}

Result<std::vector<Transition>> find_history(StateFile& state, const HistoryQuery& query) {
  if (auto opened = state.ensure_open(); !opened) return opened.error();
  std::vector<Transition> found;
  auto done = sqlite::run_once(
      state.database(),
      "SELECT " + std::string(kColumns) +
          " FROM health_transition WHERE (?1 IS NULL OR subject = ?1) AND (?2 IS NULL OR name = "
          "?2) AND realtime >= ?3 ORDER BY id DESC LIMIT ?4",
      [&](sqlite::Query& run) {
        query.subject ? run.bind(*query.subject) : run.bind_null();
        query.check ? run.bind(*query.check) : run.bind_null();
        run.bind(query.since_realtime_ns).bind(query.limit);
      },
      [&](const sqlite::Query& row) { found.push_back(transition_from(row)); });
  if (!done) return done.error();
  return found;
}

}  // namespace farmhand
